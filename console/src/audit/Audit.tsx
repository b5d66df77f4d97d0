import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";

import { api, body, serverNow } from "../api/client";
import { useMessages } from "../messages";
import { Grid, type Column } from "../ui/Grid";
import { Dialog } from "../ui/Dialog";
import { Empty, Failure, Loading } from "../ui/States";
import { Exactly } from "../ui/Time";
import { EntryInspector } from "./EntryInspector";
import { ExportButton } from "./Export";
import { Filters, NO_FILTERS, filtersOf, searchOf, sinceOf, type FilterValues } from "./Filters";
import { act, outcomeText, who, type Entry } from "./words";

export function Audit({ id, permissions }: { id?: string | undefined; permissions: readonly string[] }) {
  const { t } = useMessages();
  const [, go] = useLocation();
  const search = useSearch();
  const filters = useMemo(() => filtersOf(search), [search]);
  const [verify, setVerify] = useState(false);
  const [asked, setAsked] = useState(serverNow);
  const pages = useInfiniteQuery({
    queryKey: ["audit", filters, asked],
    staleTime: 0, // it grows with every look at anything
    queryFn: ({ pageParam }) => body(api.GET("/api/v1/audit", { params: { query: { ...queryOf(filters, asked), ...(pageParam === null ? {} : { before: pageParam }) } } })),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });
  const entries = useMemo(() => pages.data?.pages.flatMap((page) => page.entries) ?? [], [pages.data]);
  const columns = useColumns();
  const { hasNextPage, isFetching, fetchNextPage } = pages;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const filter = (next: FilterValues) => {
    setAsked(serverNow());
    go(`/audit${searchOf(next)}`, { replace: true });
  };
  const close = () => go(`/audit${searchOf(filters)}`);
  const opened = entries.find((entry) => String(entry.number) === id);
  return (
    <div className="page page-split">
      <header className="page-head">
        <h1>{t("page.audit")}</h1>
        <Filters values={filters} onChange={filter} permissions={permissions} />
        <span className="head-end">
          <Button variant="default" onClick={() => setVerify(true)}>{t("audit.verify")}</Button>
          {permissions.includes("audit.export") && <ExportButton />}
        </span>
      </header>
      {pages.error && pages.data === undefined ? (
        <Failure error={pages.error} onRetry={() => void pages.refetch()} />
      ) : pages.data === undefined ? (
        <Loading />
      ) : entries.length === 0 ? (
        searchOf(filters) === "" ? <Empty title={t("audit.empty")}>{t("audit.empty.hint")}</Empty> : <Empty title={t("audit.nothing")} action={{ text: t("audit.nothing.button"), run: () => filter(NO_FILTERS) }} />
      ) : (
        <Grid label={t("page.audit")} columns={columns} rows={entries} rowKey={(entry) => String(entry.number)} opened={id} onOpen={(entry) => go(`/audit/${entry.number}${searchOf(filters)}`)} onClose={close} onEnd={onEnd} />
      )}
      {id !== undefined && /^\d+$/.test(id) && <EntryInspector key={id} number={Number(id)} entry={opened} permissions={permissions} onClose={close} onActor={(actor) => filter({ ...NO_FILTERS, actor })} />}
      <Dialog opened={verify} onClose={() => setVerify(false)} title={t("audit.verify.title")} size="lg">
        <p>{t("audit.verify.text")}</p>
        <pre tabIndex={0}>{"auricle audit export --settings settings.toml > audit.jsonl\nauricle audit verify audit.jsonl --key <public key>"}</pre>
        <p>{t("audit.verify.key")}</p>
      </Dialog>
    </div>
  );
}

function queryOf(filters: FilterValues, now: number) {
  const since = sinceOf(filters, now);
  const { actor, action, outcome, kind, ref } = filters;
  const until = filters.range === "between" && filters.until !== "" ? new Date(filters.until).toISOString() : "";
  return Object.fromEntries(Object.entries({ actor, action, outcome, kind, ref, since, until }).filter(([, value]) => value !== ""));
}

function useColumns(): Column<Entry>[] {
  const { t } = useMessages();
  return useMemo(
    () => [
      { key: "when", label: t("audit.when"), width: "minmax(86px, 0.8fr)", render: (entry) => <Exactly at={entry.at} /> },
      { key: "who", label: t("audit.who"), width: "minmax(110px, 1fr)", render: (entry) => who(t, entry.actor_kind, entry.actor.name) },
      { key: "did", label: t("audit.did"), width: "minmax(140px, 1.5fr)", render: (entry) => act(t, entry.action, entry.outcome) },
      { key: "what", label: t("audit.what"), width: "minmax(120px, 1fr)", from: 680, render: (entry) => <Thing entry={entry} /> },
      { key: "result", label: t("audit.result"), width: "minmax(72px, 0.5fr)", from: 560, render: (entry) => <Result outcome={entry.outcome} /> },
      { key: "why", label: t("audit.why"), width: "minmax(110px, 1.6fr)", from: 860, render: (entry) => <span lang="en" title={entry.why}>{entry.why === "" ? entry.purpose : entry.why}</span> },
    ],
    [t],
  );
}

export function Result({ outcome }: { outcome: string }) {
  const { t } = useMessages();
  return <span className={outcome === "refused" || outcome === "failed" ? "missed" : undefined}>{outcomeText(t, outcome)}</span>;
}

function Thing({ entry }: { entry: Entry }) {
  const { t } = useMessages();
  const more = entry.touched > 0 ? <span className="quiet"> {t("audit.touched", { count: entry.touched })}</span> : null;
  if (entry.ref === "*") return <span className="quiet">{entry.kind}{more}</span>;
  return <span title={entry.ref}>{entry.kind} <code>{entry.ref.slice(0, 10)}</code>{more}</span>;
}
