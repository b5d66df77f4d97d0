/** Who is signed in. The answer "nobody" is null; everything seen of patients is dropped with the session. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, BACKGROUND, api, body, type Schemas } from "../api/client";
import { watchLive } from "../api/live";

export type Session = Schemas["SessionView"];
export type Ending = "ended" | "out" | null;

const PING_MS = 60_000;
const WARN_S = 60;

async function whoAmI(): Promise<Session | null> {
  try {
    return await body(api.GET("/api/v1/session", { headers: { [BACKGROUND]: "0" } }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export function useSession() {
  const queries = useQueryClient();
  const [ending, setEnding] = useState<Ending>(null);
  const query = useQuery({ queryKey: ["session"], queryFn: whoAmI, staleTime: Infinity, gcTime: Infinity });
  const drop = useCallback(
    (why: Ending) => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      queries.setQueryData(["session"], null);
      setEnding(why);
    },
    [queries],
  );
  const signIn = useMutation({
    mutationFn: (form: { username: string; password: string }) => body(api.POST("/api/v1/session", { body: form })),
    onSuccess: (session) => {
      setEnding(null);
      queries.setQueryData(["session"], session);
    },
  });
  const signOut = useCallback(async () => {
    await api.DELETE("/api/v1/session").catch(() => undefined);
    drop("out");
  }, [drop]);
  const session = query.data ?? null;
  const id = session?.username;
  useEffect(() => (id === undefined ? undefined : watchLive(queries, () => drop("ended"))), [queries, id, drop]);
  return { session, loading: query.isPending, failed: query.error, retry: query.refetch, signIn, signOut, ending };
}

/** Keeps the session alive while somebody works; the seconds left once that has stopped for long, else null. */
export function useIdle(session: Session): { left: number | null; stay: () => void } {
  const used = useRef(Date.now());
  const told = useRef(Date.now());
  const [left, setLeft] = useState<number | null>(null);
  const stay = useCallback(() => {
    used.current = Date.now();
    setLeft(null);
    if (Date.now() - told.current < PING_MS) return;
    told.current = Date.now();
    void api.GET("/api/v1/session", { headers: { [BACKGROUND]: "0" } }).catch(() => undefined);
  }, []);
  useEffect(() => {
    const timer = window.setInterval(() => {
      const seconds = Math.round(session.idle_s - (Date.now() - used.current) / 1000);
      setLeft(seconds <= WARN_S ? Math.max(0, seconds) : null);
    }, 1000);
    window.addEventListener("keydown", stay, { passive: true });
    window.addEventListener("pointerdown", stay, { passive: true });
    return () => {
      window.clearInterval(timer);
      window.removeEventListener("keydown", stay);
      window.removeEventListener("pointerdown", stay);
    };
  }, [session.idle_s, stay]);
  return { left, stay };
}
