import { Button, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo, useState } from "react";

import { api, body, type Schemas } from "../api/client";
import { isKey, useMessages, type Translate } from "../messages";
import { Grid, type Column } from "../ui/Grid";
import { DIALOG } from "../ui/dialog";
import { Facts, Inspector } from "../ui/Inspector";
import { Empty, Failure, Loading } from "../ui/States";
import { Exactly, exact } from "../ui/Time";

type Entry = Schemas["AuditView"];
type Outcome = "all" | "allowed" | "done" | "refused" | "failed";

const OUTCOMES: readonly Outcome[] = ["all", "allowed", "done", "refused", "failed"];

export function Audit() {
  const { t } = useMessages();
  const [text, setText] = useState("");
  const [outcome, setOutcome] = useState<Outcome>("all");
  const [opened, setOpened] = useState<number | null>(null);
  const [verify, setVerify] = useState(false);
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const pages = useInfiniteQuery({
    queryKey: ["audit"],
    staleTime: 0, // it grows with every look at anything
    queryFn: ({ pageParam }) => body(api.GET("/api/v1/audit", { params: { query: pageParam === null ? {} : { before: pageParam } } })),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
  });
  const entries = useMemo(() => pages.data?.pages.flatMap((page) => page.entries) ?? [], [pages.data]);
  const shown = useMemo(
    () => entries.filter((entry) => (outcome === "all" || entry.outcome === outcome) && sentence(t, entry).toLowerCase().includes(wanted)),
    [entries, outcome, wanted, t],
  );
  const columns = useColumns();
  const { hasNextPage, isFetching, fetchNextPage } = pages;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);

  if (pages.error && pages.data === undefined) return <Failure error={pages.error} onRetry={() => void pages.refetch()} />;
  if (pages.data === undefined) return <Loading />;
  const open = entries.find((entry) => entry.number === opened);
  return (
    <div className="page page-split">
      <header className="page-head">
        <h1>{t("audit.title")}</h1>
        <TextInput data-filter value={text} onChange={(event) => setText(event.currentTarget.value)} placeholder={t("audit.filter")} aria-label={t("audit.filter")} className="filter" autoComplete="off" />
        <NativeSelect value={outcome} onChange={(event) => setOutcome(event.currentTarget.value as Outcome)} aria-label={t("audit.outcome")} data={OUTCOMES.map((value) => ({ value, label: t(`audit.outcome.${value}`) }))} />
        <Button variant="default" onClick={() => setVerify(true)}>{t("audit.verify")}</Button>
      </header>
      {entries.length === 0 ? (
        <Empty title={t("audit.empty")}>{t("audit.empty.hint")}</Empty>
      ) : shown.length === 0 ? (
        <Empty title={t("audit.nothing")} action={{ text: t("audit.nothing.button"), run: () => { setText(""); setOutcome("all"); } }} />
      ) : (
        <Grid label={t("audit.title")} columns={columns} rows={shown} rowKey={(entry) => String(entry.number)} opened={opened === null ? undefined : String(opened)} onOpen={(entry) => setOpened(entry.number)} onClose={() => setOpened(null)} onEnd={onEnd} />
      )}
      {open !== undefined && <EntryInspector entry={open} onClose={() => setOpened(null)} />}
      <Modal opened={verify} onClose={() => setVerify(false)} title={t("audit.verify.title")} size="lg" lockScroll={false} attributes={DIALOG} closeButtonProps={{ "aria-label": t("app.close") }}>
        <p>{t("audit.verify.text")}</p>
        <pre tabIndex={0}>{"auricle audit export --settings settings.toml > audit.jsonl\nauricle audit verify audit.jsonl --key <public key>"}</pre>
        <p>{t("audit.verify.key")}</p>
      </Modal>
    </div>
  );
}

function useColumns(): Column<Entry>[] {
  const { t } = useMessages();
  return useMemo(
    () => [
      { key: "when", label: t("audit.when"), width: "minmax(86px, 0.8fr)", render: (entry) => <Exactly at={entry.at} /> },
      { key: "who", label: t("audit.who"), width: "minmax(110px, 1fr)", render: (entry) => who(t, entry) },
      { key: "did", label: t("audit.did"), width: "minmax(140px, 1.5fr)", render: (entry) => act(t, entry) },
      { key: "what", label: t("audit.what"), width: "minmax(120px, 1fr)", from: 680, render: (entry) => <Thing entry={entry} /> },
      { key: "result", label: t("audit.result"), width: "minmax(72px, 0.5fr)", from: 560, render: (entry) => <Result entry={entry} /> },
      { key: "why", label: t("audit.why"), width: "minmax(110px, 1fr)", from: 860, render: (entry) => entry.purpose },
      { key: "from", label: t("audit.from"), width: "minmax(100px, 0.7fr)", from: 1000, render: (entry) => <span className="number">{entry.address}</span> },
    ],
    [t],
  );
}

function EntryInspector({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const { t, language } = useMessages();
  const kind = `audit.actor.${entry.actor_kind}`;
  return (
    <Inspector title={`${t("audit.number")} ${entry.number}`} onClose={onClose}>
      <p className="inspector-who">{sentence(t, entry)}.</p>
      <Facts
        facts={[
          [t("audit.when"), exact(entry.at, language)],
          [t("audit.kind"), isKey(kind) ? t(kind) : entry.actor_kind],
          [t("audit.did"), <code>{entry.action}</code>],
          [t("audit.what"), <code>{`${entry.kind} ${entry.ref}`}</code>],
          [t("audit.result"), <Result entry={entry} />],
          [t("audit.why"), entry.purpose],
          [t("audit.from"), entry.address],
          [t("audit.session"), entry.session],
        ]}
      />
    </Inspector>
  );
}

function Result({ entry }: { entry: Entry }) {
  const { t } = useMessages();
  return <span className={entry.outcome === "refused" || entry.outcome === "failed" ? "missed" : undefined}>{outcomeText(t, entry)}</span>;
}

function Thing({ entry }: { entry: Entry }) {
  if (entry.ref === "*") return <span className="quiet">{entry.kind}</span>;
  return <span title={entry.ref}>{entry.kind} <code>{entry.ref.slice(0, 10)}</code></span>;
}

function outcomeText(t: Translate, entry: Entry): string {
  const key = `audit.outcome.${entry.outcome}`;
  return isKey(key) ? t(key) : entry.outcome;
}

function act(t: Translate, entry: Entry): string {
  const keys = [`audit.act.${entry.action}.${entry.outcome}`, `audit.act.${entry.action}`];
  const key = keys.find(isKey);
  return key === undefined ? entry.action : t(key);
}

const who = (t: Translate, entry: Entry): string => (entry.actor_kind === "anonymous" ? t("audit.actor.anonymous") : entry.actor.name);

/** One entry as one would say it. */
function sentence(t: Translate, entry: Entry): string {
  const thing = entry.ref === "*" ? "" : ` (${entry.kind} ${entry.ref})`;
  const why = entry.purpose === "" ? "" : `, ${entry.purpose}`;
  return `${who(t, entry)} ${act(t, entry)}${thing}: ${outcomeText(t, entry).toLowerCase()}${why}`;
}
