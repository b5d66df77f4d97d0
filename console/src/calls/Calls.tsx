import { NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { useLocation } from "wouter";

import { api, body, type Schemas } from "../api/client";
import { useMessages } from "../messages";
import { Grid, type Column } from "../ui/Grid";
import { PartyText } from "../ui/Party";
import { Protection } from "../ui/Protection";
import { Empty, Failure, Loading } from "../ui/States";
import { Ago, clock } from "../ui/Time";
import { CallInspector } from "./CallInspector";

type Call = Schemas["CallView"];
type Kind = "all" | "answered" | "missed" | "unprotected";

const KINDS: readonly Kind[] = ["all", "answered", "missed", "unprotected"];
const FITS: Record<Kind, (call: Call) => boolean> = {
  all: () => true,
  answered: (call) => call.disposition === "answered",
  missed: (call) => ["abandoned", "no-answer", "busy", "voicemail"].includes(call.disposition),
  unprotected: (call) => call.protection === "unprotected",
};

export function Calls({ id }: { id?: string | undefined }) {
  const { t } = useMessages();
  const [, go] = useLocation();
  const [text, setText] = useState("");
  const [kind, setKind] = useState<Kind>("all");
  const wanted = useDeferredValue(text);
  const pages = useInfiniteQuery({
    queryKey: ["calls"],
    queryFn: ({ pageParam }) => body(api.GET("/api/v1/calls", { params: { query: pageParam === null ? {} : { before: pageParam } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const calls = useMemo(() => pages.data?.pages.flatMap((page) => page.calls) ?? [], [pages.data]);
  const shown = useMemo(() => calls.filter((call) => FITS[kind](call) && matches(call, wanted)), [calls, kind, wanted]);
  const columns = useColumns();
  const { hasNextPage, isFetching, fetchNextPage } = pages;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const close = useCallback(() => go("/calls"), [go]);

  if (pages.error && pages.data === undefined) return <Failure error={pages.error} onRetry={() => void pages.refetch()} />;
  if (pages.data === undefined) return <Loading />;
  const open = calls.find((call) => call.id === id);
  return (
    <div className="page page-split">
      <header className="page-head">
        <h1>{t("calls.title")}</h1>
        <TextInput data-filter value={text} onChange={(event) => setText(event.currentTarget.value)} placeholder={t("calls.filter")} aria-label={t("calls.filter")} className="filter" autoComplete="off" />
        <NativeSelect value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)} aria-label={t("calls.kind")} data={KINDS.map((value) => ({ value, label: t(`calls.kind.${value}`) }))} />
        <span className="quiet wide-only" role="status">{t("calls.shown", { count: shown.length })}</span>
      </header>
      {calls.length === 0 ? (
        <Empty title={t("calls.empty")}>{t("calls.empty.hint")}</Empty>
      ) : shown.length === 0 ? (
        <Empty title={t("calls.nothing")} action={{ text: t("calls.nothing.button"), run: () => { setText(""); setKind("all"); } }} />
      ) : (
        <Grid label={t("calls.title")} columns={columns} rows={shown} rowKey={(call) => call.id} opened={id} onOpen={(call) => go(`/calls/${call.id}`)} onClose={close} onEnd={onEnd} />
      )}
      {open !== undefined && <CallInspector call={open} onClose={close} />}
    </div>
  );
}

function useColumns(): Column<Call>[] {
  const { t } = useMessages();
  return useMemo(
    () => [
      { key: "when", label: t("calls.when"), width: "minmax(96px, 0.7fr)", render: (call) => <Ago at={call.started_at} /> },
      { key: "caller", label: t("calls.caller"), width: "minmax(130px, 2fr)", render: (call) => <PartyText party={call.caller} /> },
      { key: "direction", label: t("calls.direction"), width: "74px", from: 900, render: (call) => t(`direction.${call.direction}`) },
      { key: "outcome", label: t("calls.outcome"), width: "minmax(96px, 0.9fr)", render: (call) => <Outcome call={call} /> },
      { key: "by", label: t("calls.by"), width: "minmax(110px, 1fr)", from: 740, render: (call) => call.answered_by?.name ?? <span className="quiet">–</span> },
      { key: "protection", label: t("live.protection"), width: "minmax(136px, 1fr)", from: 600, render: (call) => <Protection level={call.protection} short /> },
      { key: "talk", label: t("calls.talk"), width: "56px", align: "end", render: (call) => <span className="number">{call.talk_s > 0 ? clock(call.talk_s) : "–"}</span> },
    ],
    [t],
  );
}

function Outcome({ call }: { call: Call }) {
  const { t } = useMessages();
  return <span className={FITS.missed(call) ? "missed" : undefined}>{t(`disposition.${call.disposition}`)}</span>;
}

function matches(call: Call, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return true;
  const digits = wanted.replace(/\D/g, "");
  const parties = [call.caller, call.called, ...call.legs.map((leg) => leg.party)];
  const names = [...parties.map((party) => party.name), call.answered_by?.name ?? ""];
  if (names.some((name) => name.toLowerCase().includes(wanted))) return true;
  return digits !== "" && digits.length === wanted.replace(/[\s()+.-]/g, "").length && parties.some((party) => party.number.includes(digits));
}
