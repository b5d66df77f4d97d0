import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body, type Out } from "../api/client";
import { useMessages } from "../messages";
import { roleText, usePeople } from "../people/People";
import { Icon } from "../ui/Icon";
import { Failure, Loading } from "../ui/States";
import { problemText } from "../ui/problem";
import { useMatrix } from "./matrix";

export const KINDS = ["any", "call", "voicemail", "audit", "alerts", "people", "access", "keys", "retention", "holds", "agreements", "system"] as const;
export type Kind = (typeof KINDS)[number];
type Answer = Out<"/api/v1/access/what-if", "post">;

/** One decision, asked before it happens: who, what, to what; the answer in the policies' words. */
export function WhatIf({ permissions }: { permissions: readonly string[] }) {
  const { t } = useMessages();
  const matrix = useMatrix();
  const people = usePeople(permissions.includes("people.read"));
  const [who, setWho] = useState("");
  const [action, setAction] = useState("");
  const [kind, setKind] = useState<Kind>("voicemail");
  const [record, setRecord] = useState("");
  const [mailbox, setMailbox] = useState("");
  const [proven, setProven] = useState(false);
  const ask = useMutation({
    mutationFn: () => {
      const isRole = who.startsWith("role:");
      return body(
        api.POST("/api/v1/access/what-if", {
          body: { person: isRole ? "" : who, roles: isRole ? ([who.slice(5)] as never) : [], action: action as never, kind, id: record.trim() || "*", mailbox: mailbox.trim(), stepped_up: proven },
        }),
      );
    },
  });
  if (matrix.error && matrix.data === undefined) return <Failure error={matrix.error} onRetry={() => void matrix.refetch()} />;
  if (matrix.data === undefined) return <Loading />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  const choices = [
    { value: "", label: t("whatif.choose") },
    ...(people.data === undefined ? [] : [{ group: t("page.people"), items: people.data.map((person) => ({ value: person.id, label: person.name })) }]),
    { group: t("people.roles"), items: matrix.data.roles.map((role) => ({ value: `role:${role.id}`, label: roleText(t, role.id) })) },
  ];
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.what-if")}</h1>
        <span className="quiet">{t("whatif.hint")}</span>
      </header>
      <div className="two">
        <form className="form card" onSubmit={submit}>
          <NativeSelect label={t("whatif.who")} value={who} onChange={(event) => setWho(event.currentTarget.value)} data={choices} required withAsterisk={false} />
          <NativeSelect label={t("whatif.action")} value={action} onChange={(event) => setAction(event.currentTarget.value)} data={[{ value: "", label: t("whatif.choose") }, ...matrix.data.actions.map(({ id, about }) => ({ value: id, label: `${about} (${id})` }))]} required withAsterisk={false} />
          <NativeSelect label={t("whatif.kind")} value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)} data={KINDS.map((value) => ({ value, label: t(`kind.${value}`) }))} />
          <TextInput label={t("whatif.record")} description={t("whatif.record.hint")} value={record} onChange={(event) => setRecord(event.currentTarget.value)} maxLength={64} autoComplete="off" spellCheck={false} />
          <TextInput label={t("whatif.mailbox")} value={mailbox} onChange={(event) => setMailbox(event.currentTarget.value)} maxLength={40} autoComplete="off" spellCheck={false} />
          <Checkbox label={t("whatif.proven")} checked={proven} onChange={(event) => setProven(event.currentTarget.checked)} />
          <p className="trouble" role="alert">{problemText(t, ask.error)}</p>
          <div className="form-start"><Button type="submit" loading={ask.isPending}>{t("whatif.button")}</Button></div>
        </form>
        <div role="status">{ask.data !== undefined && <Explained answer={ask.data} />}</div>
      </div>
    </div>
  );
}

function Explained({ answer }: { answer: Answer }) {
  const { t } = useMessages();
  return (
    <section className="card" aria-label={t("whatif.answer")}>
      <h2 className={answer.allowed ? "fine" : "trouble"}><Icon name={answer.allowed ? "check" : "close"} /> {t(answer.allowed ? "whatif.yes" : "whatif.no")}</h2>
      <h3>{t("matrix.rules")}</h3>
      <ul className="rules" lang="en">{answer.rules.map((rule) => <li key={rule}>{rule}</li>)}</ul>
      {answer.needs.length > 0 && (
        <>
          <h3>{t("whatif.needs")}</h3>
          <ul className="rules" lang="en">{answer.needs.map((need) => <li key={need}>{need}</li>)}</ul>
        </>
      )}
    </section>
  );
}
