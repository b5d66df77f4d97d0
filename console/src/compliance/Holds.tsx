import { Button, NativeSelect, TextInput, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body, type Out, type Schemas } from "../api/client";
import { useMessages } from "../messages";
import { Confirm } from "../ui/Confirm";
import { Dialog } from "../ui/Dialog";
import { Empty, Failure, Loading } from "../ui/States";
import { exact } from "../ui/Time";
import { problemText } from "../ui/problem";
import { recordText } from "./Retention";

type Hold = Out<"/api/v1/holds">[number];
type HeldKind = Schemas["HeldKind"];

/** Legal holds: what they name is deleted neither by schedule nor by hand. */
export function Holds({ permissions }: { permissions: readonly string[] }) {
  const { t } = useMessages();
  const [placing, setPlacing] = useState(false);
  const list = useQuery({ queryKey: ["holds"], queryFn: () => body(api.GET("/api/v1/holds")) });
  const mayChange = permissions.includes("holds.change");
  if (list.error && list.data === undefined) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (list.data === undefined) return <Loading />;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.holds")}</h1>
        {mayChange && <Button onClick={() => setPlacing(true)}>{t("hold.place")}</Button>}
      </header>
      {list.data.length === 0 ? <Empty title={t("hold.empty")}>{t("hold.empty.hint")}</Empty> : <ul className="rows rows-page">{list.data.map((hold) => <Row key={hold.id} hold={hold} mayChange={mayChange} />)}</ul>}
      <Dialog opened={placing} onClose={() => setPlacing(false)} title={t("hold.place")} size="lg" keep><Place onDone={() => setPlacing(false)} /></Dialog>
    </div>
  );
}

function Row({ hold, mayChange }: { hold: Hold; mayChange: boolean }) {
  const { t, language } = useMessages();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const release = useMutation({
    mutationFn: () => api.DELETE("/api/v1/holds/{hold}", { params: { path: { hold: hold.id } } }),
    onSuccess: () => {
      setAsking(false);
      return queries.invalidateQueries({ queryKey: ["holds"] });
    },
  });
  const when = (at: string | null) => (at === null ? "" : exact(at, language));
  const covers = [
    recordText(t, hold.kind),
    hold.record ?? "",
    hold.mailbox === null ? "" : t("grant.mailbox", { name: hold.mailbox }),
    hold.since === null ? "" : t("hold.since", { date: when(hold.since) }),
    hold.until === null ? "" : t("hold.until", { date: when(hold.until) }),
  ].filter((text) => text !== "");
  const over = hold.released_at !== null;
  return (
    <li className={over ? "row-over" : undefined}>
      <span>
        <strong className="phi">{hold.name}</strong> {over ? <span className="quiet">{t("hold.released", { name: hold.released_by?.name ?? "", date: when(hold.released_at) })}</span> : <span className="fine">{t("hold.keeps", { count: hold.keeps })}</span>}
        <span className="row-more">{covers.join(" · ")}{hold.number !== null && <> · <span className="number phi">{hold.number}</span></>}</span>
        <span className="row-more phi">“{hold.reason}”</span>
        <span className="row-more quiet">{t("hold.placed", { name: hold.placed_by.name, date: when(hold.placed_at) })}</span>
      </span>
      {mayChange && !over && <span className="row-acts"><Button size="compact-sm" variant="default" aria-label={`${t("hold.release")}: ${hold.name}`} onClick={() => setAsking(true)}>{t("hold.release")}</Button></span>}
      <Confirm opened={asking} onClose={() => setAsking(false)} title={t("hold.release")} button={t("hold.release")} danger act={{ mutate: () => release.mutate(), isPending: release.isPending, error: release.error }}>
        <p>{t("hold.release.text", { count: hold.keeps })}</p>
      </Confirm>
    </li>
  );
}

const KINDS: readonly HeldKind[] = ["any", "call", "voicemail"] as HeldKind[];

function Place({ onDone }: { onDone: () => void }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const [kind, setKind] = useState<HeldKind>("any" as HeldKind);
  const [number, setNumber] = useState("");
  const [record, setRecord] = useState("");
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");
  const at = (text: string) => (text === "" ? null : new Date(text).toISOString());
  const place = useMutation({
    mutationFn: () => body(api.POST("/api/v1/holds", { body: { name: name.trim(), reason: reason.trim(), kind, number: number.trim() || null, record: record.trim() || null, since: at(since), until: at(until) } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["holds"] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    place.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <TextInput data-autofocus label={t("hold.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} required withAsterisk={false} maxLength={200} autoComplete="off" classNames={{ input: "phi" }} />
      <Textarea label={t("hold.reason")} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required withAsterisk={false} maxLength={2000} rows={2} classNames={{ input: "phi" }} />
      <NativeSelect label={t("hold.kind")} value={kind} onChange={(event) => setKind(event.currentTarget.value as HeldKind)} data={KINDS.map((value) => ({ value, label: recordText(t, value) }))} />
      <div className="pair">
        <TextInput type="tel" label={t("hold.number")} value={number} onChange={(event) => setNumber(event.currentTarget.value)} maxLength={40} autoComplete="off" classNames={{ input: "phi" }} />
        <TextInput label={t("hold.record")} value={record} onChange={(event) => setRecord(event.currentTarget.value)} maxLength={64} autoComplete="off" spellCheck={false} />
      </div>
      <div className="pair">
        <TextInput type="datetime-local" label={t("audit.since")} value={since} onChange={(event) => setSince(event.currentTarget.value)} />
        <TextInput type="datetime-local" label={t("audit.until")} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
      </div>
      <p className="quiet">{t("hold.hint")}</p>
      <p className="trouble" role="alert">{problemText(t, place.error)}</p>
      <div className="form-end">
        <Button variant="default" onClick={onDone}>{t("app.cancel")}</Button>
        <Button type="submit" loading={place.isPending}>{t("hold.place")}</Button>
      </div>
    </form>
  );
}
