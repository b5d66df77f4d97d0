/** The live stream, kept open while the window is visible; what comes is put where the pages read it. */
import { useQuery, type QueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";

import { api, body, onSessionEnd, type Schemas } from "./client";

const HIDDEN_MS = 60_000; // a browser allows six connections to a server; hidden windows give theirs up
const RETRY_MS = 3_000;
const LOST_MS = 4_000;

let connected = true;
const listeners = new Set<() => void>();
const setConnected = (value: boolean) => {
  if (connected === value) return;
  connected = value;
  listeners.forEach((listener) => listener());
};

export const useConnected = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connected,
  );

const STREAM_MS = 2_500; // how long the stream's own snapshot is waited for before it is asked for: each look is an audit entry

function useLate(): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setLate(true), STREAM_MS);
    return () => window.clearTimeout(timer);
  }, []);
  return late;
}

/** Running calls, as the stream tells them. */
export function useLive(allowed = true): UseQueryResult<Schemas["LiveCalls"]> {
  const enabled = useLate() && allowed;
  return useQuery({ queryKey: ["live"], queryFn: () => body(api.GET("/api/v1/calls/live")), staleTime: Infinity, gcTime: Infinity, enabled });
}

/** The parts of the system and their states, as the stream tells them. */
export function useSystem(): UseQueryResult<Schemas["SystemView"]> {
  const enabled = useLate();
  return useQuery({ queryKey: ["system"], queryFn: () => body(api.GET("/api/v1/system")), staleTime: Infinity, gcTime: Infinity, enabled });
}

/** What the stream does not bring itself. */
const stored = ({ queryKey }: { queryKey: readonly unknown[] }): boolean => queryKey[0] !== "live" && queryKey[0] !== "system";

/** Watch until the returned call; `ended` is called when the server ends the session. */
export function watchLive(queries: QueryClient, ended: () => void): () => void {
  let source: EventSource | undefined;
  let retry: number | undefined;
  let lost: number | undefined;
  let hidden: number | undefined;

  const close = () => {
    window.clearTimeout(retry);
    window.clearTimeout(lost);
    lost = undefined;
    source?.close();
    source = undefined;
  };
  const open = () => {
    close();
    source = new EventSource("/api/v1/events");
    source.onopen = () => {
      window.clearTimeout(lost);
      lost = undefined;
      if (!connected) void queries.invalidateQueries({ predicate: stored });
      setConnected(true);
    };
    source.onerror = () => {
      lost ??= window.setTimeout(() => setConnected(false), LOST_MS);
      if (source?.readyState !== EventSource.CLOSED) return;
      retry = window.setTimeout(open, RETRY_MS);
      api.GET("/api/v1/session").catch(() => undefined); // an ended session is told by its answer
    };
    listen(source, queries, ended);
  };
  const onVisibility = () => {
    window.clearTimeout(hidden);
    if (document.visibilityState === "hidden") hidden = window.setTimeout(close, HIDDEN_MS);
    else if (source === undefined) {
      open();
      void queries.invalidateQueries({ predicate: stored });
    }
  };
  onSessionEnd(ended);
  document.addEventListener("visibilitychange", onVisibility);
  open();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    window.clearTimeout(hidden);
    close();
    setConnected(true);
  };
}

function listen(source: EventSource, queries: QueryClient, ended: () => void): void {
  const on = <T>(name: string, act: (data: T) => void) =>
    source.addEventListener(name, (event: MessageEvent<string>) => act(JSON.parse(event.data) as T));

  on<Schemas["LiveCalls"]>("live", (live) => queries.setQueryData(["live"], live));
  on<Schemas["SystemView"]>("system", (system) => queries.setQueryData(["system"], system));
  on<Schemas["LiveCallView"]>("call", (call) => {
    queries.setQueryData<Schemas["LiveCalls"]>(["live"], (old) => merged(old, call));
    if (call.over) void queries.invalidateQueries({ queryKey: ["calls"] });
  });
  on<Schemas["ServiceView"]>("service", (part) =>
    queries.setQueryData<Schemas["SystemView"]>(["system"], (old) => {
      const others = (old?.services ?? []).filter((service) => service.name !== part.name);
      return { services: [...others, part].sort((a, b) => a.name.localeCompare(b.name)) };
    }),
  );
  on<{ id: string }>("voicemail", ({ id }) => {
    void queries.invalidateQueries({ queryKey: ["voicemails"] });
    void queries.invalidateQueries({ queryKey: ["transcript", id] });
  });
  on("alert", () => void queries.invalidateQueries({ queryKey: ["alerts"] }));
  on("break-glass", () => void queries.invalidateQueries({ queryKey: ["break-glass"] }));
  on("access", () => void queries.invalidateQueries()); // what I may has changed: the session first, then all that is shown by it
  on<{ job: Schemas["JobView"] | null; state: Schemas["KeyStateView"]["state"] }>("keys", (note) => {
    queries.setQueryData<Schemas["KeysPage"]>(["keys"], (old) => old && { ...old, job: note.job, state: { ...old.state, state: note.state } });
    if (note.job === null || note.job.state !== "running") void queries.invalidateQueries({ queryKey: ["keys"] });
  });
  on("signed-out", ended);
}

function merged(old: Schemas["LiveCalls"] | undefined, call: Schemas["LiveCallView"]): Schemas["LiveCalls"] {
  const others = (old?.calls ?? []).filter((known) => known.id !== call.id);
  const calls = call.over ? others : [...others, call];
  return { calls: calls.sort((a, b) => a.started_at.localeCompare(b.started_at)) };
}
