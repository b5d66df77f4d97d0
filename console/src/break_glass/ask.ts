/** That somebody asked for emergency access: the button may stand anywhere, the dialog stands in the shell. */
import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let asked: string | null = null; // the record it is about, "" for none in particular

const tell = () => listeners.forEach((listener) => listener());

/** Opens the dialog from anywhere; `record` is `voicemail:ID` or `call:ID` where the need is for one of them. */
export function openBreakGlass(record: string): void {
  asked = record;
  tell();
}

/** Closes it. */
export function closeBreakGlass(): void {
  asked = null;
  tell();
}

export const useBreakGlassAsked = (): string | null =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => asked,
  );
