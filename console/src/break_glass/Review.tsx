import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link, useLocation } from "wouter";

import { api } from "../api/client";
import { useMessages, type Translate } from "../messages";
import { useSessionNow } from "../session/session";
import { Grid, type Column } from "../ui/Grid";
import { Facts, Inspector } from "../ui/Inspector";
import { Empty, Failure, Loading } from "../ui/States";
import { Ago, exact } from "../ui/Time";
import { problemText } from "../ui/problem";
import { useBreakGlasses, type Use } from "./uses";

/** The privacy officer's queue: who broke the glass, why, what was looked at, and whether that was justified. */
export function Review({ id }: { id?: string | undefined }) {
  const { t } = useMessages();
  const [, go] = useLocation();
  const uses = useBreakGlasses();
  if (uses.error && uses.data === undefined) return <Failure error={uses.error} onRetry={() => void uses.refetch()} />;
  if (uses.data === undefined) return <Loading />;
  const open = uses.data.find((use) => use.id === id);
  const close = () => go("/access/break-glass");
  const columns: Column<Use>[] = [
    { key: "when", label: t("audit.when"), width: "minmax(96px, 0.7fr)", render: (use) => <Ago at={use.started_at} /> },
    { key: "who", label: t("audit.who"), width: "minmax(110px, 1fr)", render: (use) => use.person.name },
    { key: "reason", label: t("break.reason"), width: "minmax(120px, 2.4fr)", from: 600, render: (use) => <span className="phi">{use.reason}</span> },
    { key: "state", label: t("review.state"), width: "minmax(110px, 1fr)", render: (use) => <State use={use} /> },
  ];
  return (
    <div className="page page-split">
      <header className="page-head">
        <h1>{t("page.break-glass")}</h1>
        <span className="quiet" role="status">{t("review.waiting", { count: uses.data.filter((use) => use.review === null).length })}</span>
      </header>
      {uses.data.length === 0 ? <Empty title={t("review.empty")}>{t("review.empty.hint")}</Empty> : <Grid label={t("page.break-glass")} columns={columns} rows={uses.data} rowKey={(use) => use.id} opened={id} onOpen={(use) => go(`/access/break-glass/${use.id}`)} onClose={close} />}
      {open !== undefined && <UseInspector key={open.id} use={open} onClose={close} />}
    </div>
  );
}

function State({ use }: { use: Use }) {
  const { t } = useMessages();
  return <span className={use.state === "reviewed" ? undefined : "missed"}>{stateText(t, use)}</span>;
}

const stateText = (t: Translate, use: Use): string => (use.review !== null ? t(`review.verdict.${use.review.verdict}`) : t(use.state === "in-force" ? "review.state.in-force" : "review.state.to-review"));

function UseInspector({ use, onClose }: { use: Use; onClose: () => void }) {
  const { t, language } = useMessages();
  const me = useSessionNow();
  const audit = new URLSearchParams({ actor: use.person.id, since: use.started_at, until: use.over_at });
  return (
    <Inspector title={t("break.title")} onClose={onClose}>
      <p className="inspector-who">{use.person.name}</p>
      <blockquote className="phi">{use.reason}</blockquote>
      <Facts
        facts={[
          [t("review.state"), stateText(t, use)],
          [t("review.from"), exact(use.started_at, language)],
          [t("review.to"), exact(use.over_at, language)],
          [t("review.record"), use.record === "" ? t("break.what.all") : <code>{use.record}</code>],
          [t("review.by"), use.review === null ? "" : `${use.review.by.name}, ${exact(use.review.at, language)}`],
          [t("review.note"), use.review?.note ?? ""],
        ]}
      />
      <Link href={`/audit?${audit}`}>{t("review.audit")}</Link>
      {use.review === null && (me?.person.id === use.person.id ? <p className="quiet">{t("review.own")}</p> : <Verdict use={use} />)}
    </Inspector>
  );
}

function Verdict({ use }: { use: Use }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  const [verdict, setVerdict] = useState<"justified" | "not-justified" | null>(null);
  const send = useMutation({
    mutationFn: () => api.POST("/api/v1/break-glass/{glass}/review", { params: { path: { glass: use.id } }, body: { verdict: verdict ?? "justified", note: note.trim() } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["break-glass"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <fieldset className="choices">
        <legend>{t("review.verdict")}</legend>
        {(["justified", "not-justified"] as const).map((value) => (
          <label key={value}><input type="radio" name="verdict" required checked={verdict === value} onChange={() => setVerdict(value)} /> {t(`review.verdict.${value}`)}</label>
        ))}
      </fieldset>
      <Textarea label={t("review.note")} value={note} onChange={(event) => setNote(event.currentTarget.value)} required={verdict === "not-justified"} withAsterisk={false} maxLength={2000} rows={3} />
      <p className="trouble" role="alert">{problemText(t, send.error)}</p>
      <div className="form-start"><Button type="submit" loading={send.isPending} disabled={verdict === null}>{t("review.button")}</Button></div>
    </form>
  );
}
