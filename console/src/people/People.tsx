import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useLocation } from "wouter";

import { api, body, type Out } from "../api/client";
import { useMessages, type Translate } from "../messages";
import { factor } from "../security/MySessions";
import { Grid, type Column } from "../ui/Grid";
import { Empty, Failure, Loading } from "../ui/States";
import { PersonInspector } from "./PersonInspector";

export type Person = Out<"/api/v1/people">[number];

export const usePeople = (allowed = true) => useQuery({ queryKey: ["people"], queryFn: () => body(api.GET("/api/v1/people")), enabled: allowed });

/** A role by its name in the catalogue, else as the policies call it. */
export const roleText = (t: Translate, role: string): string => {
  const key = `role.${role}` as Parameters<Translate>[0];
  const text = t(key);
  return text === key ? role : text;
};

export function People({ id, permissions }: { id?: string | undefined; permissions: readonly string[] }) {
  const { t } = useMessages();
  const [, go] = useLocation();
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const people = usePeople();
  if (people.error && people.data === undefined) return <Failure error={people.error} onRetry={() => void people.refetch()} />;
  if (people.data === undefined) return <Loading />;
  const shown = people.data.filter((person) => [person.name, person.extension, ...person.roles.map((role) => roleText(t, role))].some((word) => word.toLowerCase().includes(wanted)));
  const open = people.data.find((person) => person.id === id);
  const close = () => go("/people");
  return (
    <div className="page page-split">
      <header className="page-head">
        <h1>{t("page.people")}</h1>
        <TextInput data-filter value={text} onChange={(event) => setText(event.currentTarget.value)} placeholder={t("people.filter")} aria-label={t("people.filter")} className="filter" autoComplete="off" />
        <span className="quiet wide-only" role="status">{t("people.shown", { count: shown.length })}</span>
      </header>
      {shown.length === 0 ? (
        <Empty title={t("people.nothing")} action={{ text: t("people.all"), run: () => setText("") }} />
      ) : (
        <Grid label={t("page.people")} columns={columns(t)} rows={shown} rowKey={(person) => person.id} opened={id} onOpen={(person) => go(`/people/${person.id}`)} onClose={close} />
      )}
      {open !== undefined && <PersonInspector key={open.id} person={open} permissions={permissions} onClose={close} />}
    </div>
  );
}

const columns = (t: Translate): Column<Person>[] => [
  { key: "name", label: t("people.name"), width: "minmax(120px, 1.4fr)", render: (person) => person.name },
  { key: "state", label: t("people.state"), width: "minmax(84px, 0.6fr)", render: (person) => <span className={person.state === "active" ? undefined : "missed"}>{t(`people.state.${person.state}`)}</span> },
  { key: "roles", label: t("people.roles"), width: "minmax(110px, 1.6fr)", from: 520, render: (person) => person.roles.map((role) => roleText(t, role)).join(", ") },
  { key: "extension", label: t("people.extension"), width: "64px", from: 760, render: (person) => <span className="number">{person.extension}</span> },
  { key: "factor", label: t("people.factor"), width: "minmax(134px, 0.9fr)", from: 640, render: (person) => <span className={person.has_account && person.second_factor === "none" ? "missed" : undefined}>{person.has_account ? factor(t, person.second_factor) : t("people.no_account")}</span> },
  { key: "sessions", label: t("people.sessions"), width: "76px", from: 860, align: "end", render: (person) => <span className="number">{person.sessions}</span> },
  { key: "phones", label: t("people.phones"), width: "64px", from: 860, align: "end", render: (person) => <span className="number">{person.phones}</span> },
];
