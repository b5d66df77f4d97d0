import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, body } from "../api/client";
import { useMessages } from "../messages";
import { SessionRows, factor } from "../security/MySessions";
import { useSessionNow } from "../session/session";
import { Confirm } from "../ui/Confirm";
import { Facts, Inspector } from "../ui/Inspector";
import { Failure, Loading } from "../ui/States";
import { exact } from "../ui/Time";
import { problemText } from "../ui/problem";
import { roleText, type Person } from "./People";

interface Props {
  person: Person;
  permissions: readonly string[];
  onClose: () => void;
}

export function PersonInspector({ person, permissions, onClose }: Props) {
  const { t, language } = useMessages();
  const me = useSessionNow();
  const active = person.state === "active";
  return (
    <Inspector title={t("people.person")} onClose={onClose}>
      <p className="inspector-who">{person.name}</p>
      <Facts
        facts={[
          [t("people.state"), <span className={active ? undefined : "missed"}>{t(`people.state.${person.state}`)}</span>],
          [t("people.since"), person.terminated_at === null ? "" : exact(person.terminated_at, language)],
          [t("people.roles"), person.roles.map((role) => roleText(t, role)).join(", ")],
          [t("people.extension"), person.extension],
          [t("people.factor"), person.has_account ? factor(t, person.second_factor) : t("people.no_account")],
          [t("people.phones"), String(person.phones)],
          [t("people.keys"), String(person.api_keys)],
        ]}
      />
      {permissions.includes("sessions.revoke") && person.has_account && active && <Sessions person={person} />}
      {permissions.includes("people.terminate") && person.id !== me?.person.id && <Standing person={person} />}
    </Inspector>
  );
}

function Sessions({ person }: { person: Person }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const key = ["people", person.id, "sessions"];
  const path = { person: person.id };
  const list = useQuery({ queryKey: key, queryFn: () => body(api.GET("/api/v1/people/{person}/sessions", { params: { path } })) });
  const again = () => queries.invalidateQueries({ queryKey: ["people"] });
  const end = useMutation({ mutationFn: (session: string) => api.DELETE("/api/v1/people/{person}/sessions/{session}", { params: { path: { ...path, session } } }), onSuccess: again });
  const all = useMutation({ mutationFn: () => api.DELETE("/api/v1/people/{person}/sessions", { params: { path } }), onSuccess: again });
  return (
    <section className="inspector-part" aria-labelledby="person-sessions">
      <h3 id="person-sessions">{t("people.sessions")}</h3>
      {list.error ? (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data === undefined ? (
        <Loading />
      ) : list.data.sessions.length === 0 ? (
        <p className="quiet">{t("people.sessions.none")}</p>
      ) : (
        <>
          <SessionRows sessions={list.data.sessions} ending={end.isPending ? end.variables : null} onEnd={(id) => end.mutate(id)} />
          {list.data.sessions.length > 1 && <Button size="compact-sm" variant="default" loading={all.isPending} onClick={() => all.mutate()}>{t("people.sessions.all")}</Button>}
        </>
      )}
      <p className="trouble" role="alert">{problemText(t, end.error ?? all.error)}</p>
    </section>
  );
}

function Standing({ person }: { person: Person }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const active = person.state === "active";
  const done = () => {
    setAsking(false);
    return queries.invalidateQueries({ queryKey: ["people"] });
  };
  const params = { path: { person: person.id } };
  const terminate = useMutation({ mutationFn: (reason: string) => api.POST("/api/v1/people/{person}/terminate", { params, body: { reason } }), onSuccess: done });
  const restore = useMutation({ mutationFn: (reason: string) => api.POST("/api/v1/people/{person}/restore", { params, body: { reason } }), onSuccess: done });
  const act = active ? terminate : restore;
  return (
    <section className="inspector-part" aria-label={t("people.state")}>
      <Button variant={active ? "outline" : "default"} color={active ? "red" : "teal"} onClick={() => setAsking(true)}>{t(active ? "people.terminate" : "people.restore")}</Button>
      <Confirm
        key={person.state}
        opened={asking}
        onClose={() => setAsking(false)}
        title={t(active ? "people.terminate.title" : "people.restore.title", { name: person.name })}
        button={t(active ? "people.terminate" : "people.restore")}
        danger={active}
        reason={t("people.reason")}
        act={{ mutate: (reason) => act.mutate(reason), isPending: act.isPending, error: act.error }}
      >
        <p>{active ? t("people.terminate.text", { sessions: t("people.count.sessions", { count: person.sessions }), phones: t("people.count.phones", { count: person.phones }), keys: t("people.count.keys", { count: person.api_keys }) }) : t("people.restore.text")}</p>
        <p className="quiet">{t(active ? "people.terminate.stays" : "people.restore.again")}</p>
      </Confirm>
    </section>
  );
}
