/** Proving once more who one is, when the server asks for it: requests wait here for the dialog's answer. */
import { useSyncExternalStore } from "react";

const CODES = ["session.step_up_needed", "access.step_up_needed"];
const listeners = new Set<() => void>();
let waiting: { answer: Promise<boolean>; settle: (proven: boolean) => void } | null = null;

/** Whether a refusal would be none after a step-up. */
export const refusedForProof = (problem: { type?: string; needs?: string[] }): boolean =>
  CODES.includes(problem.type ?? "") || (problem.needs?.some((need) => need.includes("step-up")) ?? false);

/** Opens the dialog, or joins the one that is open. False when the person would rather not. */
export function provenAgain(): Promise<boolean> {
  if (waiting !== null) return waiting.answer;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  waiting = { answer: promise, settle: resolve };
  tell();
  return promise;
}

/** The dialog's answer. */
export function settle(proven: boolean): void {
  waiting?.settle(proven);
  waiting = null;
  tell();
}

export const useProofWanted = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting !== null,
  );

const tell = (): void => listeners.forEach((listener) => listener());
