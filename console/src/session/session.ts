/** Who is signed in. The answer "nobody" is null. A session that ends by itself locks the window and keeps its work; signing out drops it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, BACKGROUND, api, body, type Out } from "../api/client";
import { watchLive } from "../api/live";
import { settle } from "../api/step_up";
import { hear, tell } from "./tabs";

export type Session = Exclude<Out<"/api/v1/session">, { ticket: string }>;
export type Ending = "out" | null;
/** Whose window is locked, and why. */
export interface Locked {
  session: Session;
  why: "idle" | "key" | "ended";
}

const PING_MS = 60_000;
const WARN_S = 60;
const KEPT_MS = 4 * 3600_000; // a shift: after that nobody comes back for the work, and it holds patients' data in memory
const TELL_MS = 5_000;

async function whoAmI(): Promise<Session | null> {
  try {
    return await body(api.GET("/api/v1/session", { headers: { [BACKGROUND]: "0" } }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** The session as it is now; null while nobody is signed in. */
export function useSessionNow(): Session | null {
  return useQuery({ queryKey: ["session"], queryFn: whoAmI, staleTime: Infinity, gcTime: Infinity, enabled: false }).data ?? null;
}

export const useMay = (action: string): boolean => useSessionNow()?.permissions.includes(action) ?? false;

export function useSession() {
  const queries = useQueryClient();
  const [ending, setEnding] = useState<Ending>(null);
  const [locked, setLocked] = useState<Locked | null>(null);
  const query = useQuery({ queryKey: ["session"], queryFn: whoAmI, staleTime: Infinity, gcTime: Infinity });
  const session = query.data ?? null;
  const last = useRef<Session | null>(null);
  if (session !== null) last.current = session;

  const drop = useCallback(
    (why: Ending) => {
      settle(false);
      last.current = null;
      setLocked(null);
      setEnding(why);
      queries.setQueryData(["session"], null);
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
    },
    [queries],
  );
  const lock = useCallback(
    (why: Locked["why"]) => {
      const who = last.current;
      if (who === null) return;
      setLocked((before) => before ?? { session: who, why });
      queries.setQueryData(["session"], null);
    },
    [queries],
  );
  const enter = useCallback(
    (next: Session) => {
      if (last.current !== null && last.current.username !== next.username) drop(null); // another person begins with a clean console
      setEnding(null);
      setLocked(null);
      queries.setQueryData(["session"], next);
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      tell({ what: "in" });
    },
    [queries, drop],
  );
  const end = useCallback(() => api.DELETE("/api/v1/session").catch(() => undefined), []);
  const signOut = useCallback(async () => {
    await end();
    drop("out");
    tell({ what: "out" });
  }, [drop, end]);
  const lockNow = useCallback(
    (why: Locked["why"]) => {
      lock(why);
      tell({ what: "locked" });
      void end();
    },
    [lock, end],
  );

  const id = session?.username;
  const isLocked = locked !== null;
  useEffect(() => (id === undefined ? undefined : watchLive(queries, () => lock("ended"))), [queries, id, lock]);
  useEffect(
    () =>
      hear(({ what }) => {
        if (what === "locked") lock("ended");
        if (what === "out") drop("out");
        if (what === "in" && queries.getQueryData(["session"]) === null) void whoAmI().then((found) => found && enter(found));
      }),
    [queries, lock, drop, enter],
  );
  useEffect(() => {
    if (!isLocked) return undefined;
    const timer = window.setTimeout(() => drop(null), KEPT_MS);
    return () => window.clearTimeout(timer);
  }, [isLocked, drop]);
  return { session, locked, loading: query.isPending, failed: query.error, retry: query.refetch, enter, lockNow, signOut, forget: () => drop(null), ending };
}

/** Keeps the session alive while somebody works, in any window; the seconds left once that has stopped for long, else null. */
export function useIdle(session: Session, lock: (why: "idle") => void): { left: number | null; stay: () => void } {
  const used = useRef(Date.now());
  const told = useRef(Date.now());
  const toldOthers = useRef(0);
  const [left, setLeft] = useState<number | null>(null);
  const stay = useCallback(() => {
    used.current = Date.now();
    setLeft(null);
    if (Date.now() - toldOthers.current < TELL_MS) return;
    toldOthers.current = Date.now();
    tell({ what: "used" });
  }, []);
  useEffect(() => {
    const look = () => {
      const now = Date.now();
      const seconds = Math.ceil(session.idle_s - (now - used.current) / 1000);
      setLeft(seconds <= WARN_S ? Math.max(0, seconds) : null);
      if (seconds <= 0) lock("idle");
      else if (used.current > told.current && now - told.current >= PING_MS) {
        told.current = now;
        void api.GET("/api/v1/session", { headers: { [BACKGROUND]: "0" } }).catch(() => undefined);
      }
    };
    const timer = window.setInterval(look, 1000);
    const quiet = hear(({ what }) => {
      if (what !== "used") return;
      used.current = told.current = Date.now(); // the window that is in use tells the server
      setLeft(null);
    });
    window.addEventListener("keydown", stay, { passive: true });
    window.addEventListener("pointerdown", stay, { passive: true });
    document.addEventListener("visibilitychange", look);
    return () => {
      window.clearInterval(timer);
      quiet();
      window.removeEventListener("keydown", stay);
      window.removeEventListener("pointerdown", stay);
      document.removeEventListener("visibilitychange", look);
    };
  }, [session.idle_s, stay, lock]);
  return { left, stay };
}
