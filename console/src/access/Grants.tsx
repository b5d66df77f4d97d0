import { Button, NativeSelect, TextInput, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body, serverNow, type Out } from "../api/client";
import { useMessages } from "../messages";
import { usePeople } from "../people/People";
import { useSessionNow } from "../session/session";
import { Confirm } from "../ui/Confirm";
import { Dialog } from "../ui/Dialog";
import { Empty, Failure, Loading } from "../ui/States";
import { exact } from "../ui/Time";
import { problemText } from "../ui/problem";
import { useMatrix } from "./matrix";

type Grant = Out<"/api/v1/access/grants">["grants"][number];

/** Permissions given to one person until a day, beyond their roles. */
export function Grants({ permissions }: { permissions: readonly string[] }) {
  const { t } = useMessages();
  const [adding, setAdding] = useState(false);
  const list = useQuery({ queryKey: ["access", "grants"], queryFn: () => body(api.GET("/api/v1/access/grants")) });
  const mayGrant = permissions.includes("access.grant");
  if (list.error && list.data === undefined) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (list.data === undefined) return <Loading />;
  const grants = list.data.grants;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.grants")}</h1>
        {mayGrant && <Button onClick={() => setAdding(true)}>{t("grant.add")}</Button>}
      </header>
      {grants.length === 0 ? <Empty title={t("grant.empty")}>{t("grant.empty.hint")}</Empty> : <ul className="rows rows-page">{grants.map((grant) => <Row key={grant.id} grant={grant} mayRevoke={mayGrant} />)}</ul>}
      <Dialog opened={adding} onClose={() => setAdding(false)} title={t("grant.add")} size="lg" keep>
        <Add mayPeople={permissions.includes("people.read")} onDone={() => setAdding(false)} />
      </Dialog>
    </div>
  );
}

function Row({ grant, mayRevoke }: { grant: Grant; mayRevoke: boolean }) {
  const { t, language } = useMessages();
  const queries = useQueryClient();
  const matrix = useMatrix();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => api.DELETE("/api/v1/access/grants/{grant}", { params: { path: { grant: grant.id } } }),
    onSuccess: () => {
      setAsking(false);
      return queries.invalidateQueries({ queryKey: ["access", "grants"] });
    },
  });
  const about = matrix.data?.actions.find(({ id }) => id === grant.action)?.about ?? grant.action;
  const what = grant.record !== "" ? grant.record : grant.mailbox !== "" ? t("grant.mailbox", { name: grant.mailbox }) : t("grant.everything");
  return (
    <li className={grant.state === "in-force" ? undefined : "row-over"}>
      <span>
        <strong>{grant.person.name}</strong> <span lang="en">{about}</span> <span className="quiet">{what}</span>
        <span className="row-more">
          <span className={grant.state === "in-force" ? "fine" : undefined}>{t(`grant.state.${grant.state}`)}</span> · {t("grant.until", { date: exact(grant.until, language) })} · {t("grant.by", { name: grant.granted_by.name })}
        </span>
        {grant.reason !== null && grant.reason !== "" && <span className="row-more phi">“{grant.reason}”</span>}
      </span>
      {mayRevoke && grant.state === "in-force" && <span className="row-acts"><Button size="compact-sm" variant="default" aria-label={`${t("grant.revoke")}: ${grant.person.name}, ${about}`} onClick={() => setAsking(true)}>{t("grant.revoke")}</Button></span>}
      <Confirm opened={asking} onClose={() => setAsking(false)} title={t("grant.revoke")} button={t("grant.revoke")} danger act={{ mutate: () => revoke.mutate(), isPending: revoke.isPending, error: revoke.error }}>
        <p>{t("grant.revoke.text", { name: grant.person.name })}</p>
      </Confirm>
    </li>
  );
}

/** A moment as `datetime-local` wants it: this machine's zone, to the minute. */
export const local = (ms: number): string => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

function Add({ mayPeople, onDone }: { mayPeople: boolean; onDone: () => void }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const me = useSessionNow();
  const matrix = useMatrix();
  const people = usePeople(mayPeople);
  const [person, setPerson] = useState("");
  const [action, setAction] = useState("");
  const [scope, setScope] = useState<"all" | "mailbox" | "record">("all");
  const [what, setWhat] = useState("");
  const [until, setUntil] = useState(() => local(serverNow() + 7 * 86_400_000));
  const [reason, setReason] = useState("");
  const add = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/access/grants", {
          body: { person, action: action as never, kind: scope === "record" ? (what.split(":")[0] as never) : "any", record: scope === "record" ? what.trim() : "", mailbox: scope === "mailbox" ? what.trim() : "", until: new Date(until).toISOString(), reason: reason.trim() },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["access", "grants"] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  const choices = (people.data ?? []).filter(({ id, state }) => id !== me?.person.id && state === "active").map(({ id, name }) => ({ value: id, label: name }));
  return (
    <form className="form" onSubmit={submit}>
      {mayPeople ? (
        <NativeSelect data-autofocus label={t("whatif.who")} value={person} onChange={(event) => setPerson(event.currentTarget.value)} data={[{ value: "", label: t("whatif.choose") }, ...choices]} required withAsterisk={false} />
      ) : (
        <TextInput data-autofocus label={t("whatif.who")} value={person} onChange={(event) => setPerson(event.currentTarget.value)} required withAsterisk={false} maxLength={40} />
      )}
      <NativeSelect label={t("grant.action")} value={action} onChange={(event) => setAction(event.currentTarget.value)} data={[{ value: "", label: t("whatif.choose") }, ...(matrix.data?.actions ?? []).map(({ id, about }) => ({ value: id, label: `${about} (${id})` }))]} required withAsterisk={false} />
      <NativeSelect label={t("grant.scope")} value={scope} onChange={(event) => setScope(event.currentTarget.value as typeof scope)} data={(["all", "mailbox", "record"] as const).map((value) => ({ value, label: t(`grant.scope.${value}`) }))} />
      {scope !== "all" && <TextInput label={t(`grant.scope.${scope}`)} placeholder={scope === "record" ? "voicemail:…" : ""} value={what} onChange={(event) => setWhat(event.currentTarget.value)} required withAsterisk={false} maxLength={80} autoComplete="off" spellCheck={false} />}
      <TextInput type="datetime-local" label={t("grant.ends")} value={until} min={local(serverNow())} onChange={(event) => setUntil(event.currentTarget.value)} required withAsterisk={false} />
      <Textarea label={t("grant.reason")} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required withAsterisk={false} maxLength={500} rows={2} />
      <p className="trouble" role="alert">{problemText(t, add.error)}</p>
      <div className="form-end">
        <Button variant="default" onClick={onDone}>{t("app.cancel")}</Button>
        <Button type="submit" loading={add.isPending}>{t("grant.add")}</Button>
      </div>
    </form>
  );
}
