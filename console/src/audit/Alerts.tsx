import { Button, Checkbox, Textarea } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState, type FormEvent } from "react";
import { Link, useLocation } from "wouter";

import { api, body, type Out } from "../api/client";
import { isKey, useMessages, type Translate } from "../messages";
import { Dialog } from "../ui/Dialog";
import { Grid, type Column } from "../ui/Grid";
import { Facts, Inspector } from "../ui/Inspector";
import { Empty, Failure, Loading } from "../ui/States";
import { Ago, exact } from "../ui/Time";
import { problemText } from "../ui/problem";

type Alert = Out<"/api/v1/alerts">["alerts"][number];

/** What the rules found: those nobody has looked into come with a count on the rail. */
export function Alerts({ id, permissions }: { id?: string | undefined; permissions: readonly string[] }) {
  const { t } = useMessages();
  const [, go] = useLocation();
  const [unseen, setUnseen] = useState(false);
  const [rules, setRules] = useState(false);
  const pages = useInfiniteQuery({
    queryKey: ["alerts", "list", unseen],
    queryFn: ({ pageParam }) => body(api.GET("/api/v1/alerts", { params: { query: { unseen, ...(pageParam === null ? {} : { before: pageParam }) } } })),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
  });
  const alerts = useMemo(() => pages.data?.pages.flatMap((page) => page.alerts) ?? [], [pages.data]);
  if (pages.error && pages.data === undefined) return <Failure error={pages.error} onRetry={() => void pages.refetch()} />;
  if (pages.data === undefined) return <Loading />;
  const open = alerts.find((alert) => alert.id === id);
  const close = () => go("/audit/alerts");
  const columns: Column<Alert>[] = [
    { key: "when", label: t("audit.when"), width: "minmax(96px, 0.6fr)", render: (alert) => <Ago at={alert.at} /> },
    { key: "rule", label: t("alert.rule"), width: "minmax(120px, 0.9fr)", render: (alert) => <strong>{ruleText(t, alert.rule)}</strong> },
    { key: "who", label: t("audit.who"), width: "minmax(110px, 0.8fr)", from: 560, render: (alert) => alert.actor.name },
    { key: "text", label: t("alert.text"), width: "minmax(140px, 2.2fr)", from: 740, render: (alert) => <span lang="en">{alert.text}</span> },
    { key: "state", label: t("review.state"), width: "minmax(92px, 0.6fr)", render: (alert) => <span className={alert.state === "open" ? "missed" : "quiet"}>{t(alert.state === "open" ? "alert.open" : "alert.seen")}</span> },
  ];
  return (
    <div className="page page-split">
      <header className="page-head">
        <h1>{t("page.alerts")}</h1>
        <Checkbox label={t("alert.unseen")} checked={unseen} onChange={(event) => setUnseen(event.currentTarget.checked)} />
        <Button variant="default" onClick={() => setRules(true)}>{t("alert.rules")}</Button>
      </header>
      {alerts.length === 0 ? (
        <Empty title={t("alert.empty")}>{t("alert.empty.hint")}</Empty>
      ) : (
        <Grid label={t("page.alerts")} columns={columns} rows={alerts} rowKey={(alert) => alert.id} opened={id} onOpen={(alert) => go(`/audit/alerts/${alert.id}`)} onClose={close} onEnd={() => pages.hasNextPage && !pages.isFetching && void pages.fetchNextPage()} />
      )}
      {open !== undefined && <AlertInspector key={open.id} alert={open} may={permissions.includes("alerts.acknowledge")} onClose={close} />}
      <Dialog opened={rules} onClose={() => setRules(false)} title={t("alert.rules")} size="lg"><Rules /></Dialog>
    </div>
  );
}

function ruleText(t: Translate, rule: string): string {
  const key = `alert.rule.${rule}`;
  return isKey(key) ? t(key) : rule.replaceAll("-", " ");
}

function AlertInspector({ alert, may, onClose }: { alert: Alert; may: boolean; onClose: () => void }) {
  const { t, language } = useMessages();
  return (
    <Inspector title={t("alert.title")} onClose={onClose}>
      <p className="inspector-who">{ruleText(t, alert.rule)}</p>
      <p lang="en">{alert.text}</p>
      <Facts
        facts={[
          [t("audit.when"), exact(alert.at, language)],
          [t("audit.who"), alert.actor.name],
          [t("alert.count"), alert.count > 1 ? String(alert.count) : ""],
          [t("alert.seen"), alert.acknowledged_by === null ? "" : `${alert.acknowledged_by.name}, ${exact(alert.acknowledged_at ?? alert.at, language)}`],
          [t("review.note"), alert.note === null ? "" : <span className="phi">{alert.note}</span>],
        ]}
      />
      <p><Link href={`/audit/${alert.entry}`}>{t("alert.entry", { number: alert.entry })}</Link></p>
      <p><Link href={`/audit?${new URLSearchParams({ actor: alert.actor.id, range: "week" })}`}>{t("audit.all_of", { name: alert.actor.name })}</Link></p>
      {alert.state === "open" && may && <Acknowledge alert={alert} />}
    </Inspector>
  );
}

function Acknowledge({ alert }: { alert: Alert }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  const send = useMutation({
    mutationFn: () => api.POST("/api/v1/alerts/{alert}/acknowledge", { params: { path: { alert: alert.id } }, body: { note: note.trim() } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["alerts"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <Textarea label={t("alert.note")} description={t("alert.note.hint")} value={note} onChange={(event) => setNote(event.currentTarget.value)} required withAsterisk={false} maxLength={2000} rows={3} />
      <p className="trouble" role="alert">{problemText(t, send.error)}</p>
      <div className="form-start"><Button type="submit" loading={send.isPending}>{t("alert.acknowledge")}</Button></div>
    </form>
  );
}

function Rules() {
  const { t } = useMessages();
  const rules = useQuery({ queryKey: ["alerts", "rules"], queryFn: () => body(api.GET("/api/v1/alerts/rules")) });
  if (rules.error) return <Failure error={rules.error} onRetry={() => void rules.refetch()} />;
  if (rules.data === undefined) return <Loading />;
  return (
    <>
      <ul className="rows">
        {rules.data.rules.map((rule) => (
          <li key={rule.id}>
            <span><strong>{ruleText(t, rule.id)}</strong><span className="row-more" lang="en">{rule.about} {rule.threshold}</span></span>
            <span className={rule.on ? "fine" : "quiet"}>{t(rule.on ? "app.on" : "app.off")}</span>
          </li>
        ))}
      </ul>
      <p className="quiet">{t("alert.rules.hint")}</p>
    </>
  );
}
