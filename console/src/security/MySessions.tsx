import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, body, type Out } from "../api/client";
import { useMessages } from "../messages";
import { Failure, Loading } from "../ui/States";
import { Ago } from "../ui/Time";
import { problemText } from "../ui/problem";

type Row = Out<"/api/v1/me/sessions">["sessions"][number];

/** Where one is signed in; each can be ended. */
export function MySessions() {
  const { t } = useMessages();
  const queries = useQueryClient();
  const list = useQuery({ queryKey: ["me", "sessions"], queryFn: () => body(api.GET("/api/v1/me/sessions")) });
  const again = () => queries.invalidateQueries({ queryKey: ["me", "sessions"] });
  const end = useMutation({ mutationFn: (session: string) => api.DELETE("/api/v1/me/sessions/{session}", { params: { path: { session } } }), onSuccess: again });
  const others = useMutation({ mutationFn: () => api.DELETE("/api/v1/me/sessions"), onSuccess: again });
  return (
    <section className="card" aria-labelledby="sessions">
      <h2 id="sessions">{t("sessions.title")}</h2>
      {list.error ? (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data === undefined ? (
        <Loading />
      ) : (
        <>
          <SessionRows sessions={list.data.sessions} ending={end.isPending ? end.variables : null} onEnd={(id) => end.mutate(id)} />
          {list.data.sessions.length > 1 && <Button variant="default" loading={others.isPending} onClick={() => others.mutate()}>{t("sessions.others")}</Button>}
        </>
      )}
      <p className="trouble" role="alert">{problemText(t, end.error ?? others.error)}</p>
    </section>
  );
}

export function SessionRows({ sessions, ending, onEnd }: { sessions: readonly Row[]; ending: string | null; onEnd: (id: string) => void }) {
  const { t } = useMessages();
  return (
    <ul className="rows">
      {sessions.map((session) => (
        <li key={session.id}>
          <span>
            <strong>{session.current ? t("sessions.this") : session.address}</strong>{" "}
            <span className="quiet">
              {session.current && `${session.address} · `}{t("sessions.since")} <Ago at={session.started_at} /> · {t("sessions.seen")} <Ago at={session.last_seen_at} /> · {factor(t, session.second_factor)}
            </span>
          </span>
          {!session.current && (
            <span className="row-acts">
              <Button size="compact-sm" variant="default" loading={ending === session.id} aria-label={`${t("sessions.end")}: ${session.address}`} onClick={() => onEnd(session.id)}>{t("sessions.end")}</Button>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

const FACTORS = ["none", "totp", "passkey", "recovery-code", "sso"] as const;
export function factor(t: ReturnType<typeof useMessages>["t"], name: string): string {
  const known = FACTORS.find((one) => one === name);
  return known === undefined ? name : t(`factor.${known}`);
}
