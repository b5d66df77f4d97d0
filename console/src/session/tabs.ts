/** What the windows of one browser tell each other: that somebody works, that one was locked, that somebody signed in. */
export type Told = { what: "used" } | { what: "locked" } | { what: "out" } | { what: "in" };

const channel = new BroadcastChannel("auricle");

export const tell = (told: Told): void => channel.postMessage(told);

/** Hear the other windows until the returned call. */
export function hear(act: (told: Told) => void): () => void {
  const listener = (event: MessageEvent<Told>) => act(event.data);
  channel.addEventListener("message", listener);
  return () => channel.removeEventListener("message", listener);
}
