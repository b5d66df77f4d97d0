/** Keys. Single keys do nothing while somebody types, and can be turned off (WCAG 2.1.4). */
import { useEffect, useRef, useSyncExternalStore } from "react";

const STORED = "auricle-single-keys";
const listeners = new Set<() => void>();
let single = localStorage.getItem(STORED) !== "off";

export function setSingleKeys(on: boolean): void {
  single = on;
  localStorage.setItem(STORED, on ? "on" : "off");
  listeners.forEach((listener) => listener());
}

export const useSingleKeys = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => single,
  );

const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const isTyping = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.closest(TYPING) !== null;
const inDialog = (): boolean => document.querySelector("[role=dialog]") !== null;

/** Acts by single key, or by `g x` for a sequence; `Mod+k` works everywhere. */
export function useKeys(acts: Readonly<Record<string, (event: KeyboardEvent) => void>>): void {
  const current = useRef(acts);
  current.current = acts;
  useEffect(() => {
    let prefix = "";
    let timer: number | undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const mod = event.ctrlKey || event.metaKey;
      if (mod && !event.altKey && !event.shiftKey) run(`Mod+${event.key.toLowerCase()}`, event);
      if (mod || event.altKey || !single || isTyping(event.target) || inDialog()) return;
      const key = event.shiftKey && event.key.length === 1 && event.key !== "?" ? `Shift+${event.key.toLowerCase()}` : event.key;
      const sequence = prefix === "" ? key : `${prefix} ${key}`;
      prefix = prefix === "" && key === "g" ? "g" : "";
      window.clearTimeout(timer);
      timer = window.setTimeout(() => (prefix = ""), 1200);
      run(sequence, event);
    };
    const run = (name: string, event: KeyboardEvent) => {
      const act = current.current[name];
      if (act === undefined) return;
      event.preventDefault();
      act(event);
    };
    window.addEventListener("keydown", onKey);
    return () => {
      window.clearTimeout(timer);
      window.removeEventListener("keydown", onKey);
    };
  }, []);
}
