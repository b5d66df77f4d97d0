import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";

import { isKey, useMessages, type Translate } from "../messages";
import { en as words } from "../messages/audit";
import { usePeople } from "../people/People";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { act } from "./words";

const RANGES = ["all", "day", "week", "month", "between"] as const;
const OUTCOMES = ["allowed", "done", "refused", "failed"] as const;
const DAYS = { all: 0, day: 1, week: 7, month: 30, between: 0 } as const;

export interface FilterValues {
  actor: string;
  action: string;
  outcome: string;
  kind: string;
  ref: string;
  range: (typeof RANGES)[number];
  since: string;
  until: string;
}
export const NO_FILTERS: FilterValues = { actor: "", action: "", outcome: "", kind: "", ref: "", range: "all", since: "", until: "" };

/** What the address says: filters stand there, so that they can be kept and shared. They never hold a patient's data. */
export function filtersOf(search: string): FilterValues {
  const given = new URLSearchParams(search);
  const text = (name: string) => given.get(name) ?? "";
  const range = RANGES.find((each) => each === given.get("range")) ?? (text("since") !== "" || text("until") !== "" ? "between" : "all");
  return { actor: text("actor"), action: text("action"), outcome: text("outcome"), kind: text("kind"), ref: text("ref"), range, since: text("since"), until: text("until") };
}

export function searchOf(filters: FilterValues): string {
  const said = Object.entries(filters).filter(([name, value]) => value !== "" && !(name === "range" && value === "all"));
  return said.length === 0 ? "" : `?${new URLSearchParams(said)}`;
}

/** The beginning of the range, "" where there is none. */
export function sinceOf(filters: FilterValues, now: number): string {
  if (filters.range === "between") return filters.since === "" ? "" : new Date(filters.since).toISOString();
  const days = DAYS[filters.range];
  return days === 0 ? "" : new Date(now - days * 86_400_000).toISOString();
}

interface Props {
  values: FilterValues;
  onChange: (values: FilterValues) => void;
  permissions: readonly string[];
}

/** Person, act, outcome and time in the page's head; record and kind behind "More". */
export function Filters({ values, onChange, permissions }: Props) {
  const { t } = useMessages();
  const [more, setMore] = useState(false);
  const people = usePeople(permissions.includes("people.read"));
  const set = (part: Partial<FilterValues>) => onChange({ ...values, ...part });
  const actors = (people.data ?? []).map(({ id, name }) => ({ value: id, label: name }));
  if (values.actor !== "" && !actors.some(({ value }) => value === values.actor)) actors.push({ value: values.actor, label: values.actor });
  const hidden = [values.kind, values.ref, values.range === "between" ? "time" : ""].filter((value) => value !== "").length;
  return (
    <>
      <NativeSelect data-filter className="wide-only" value={values.actor} onChange={(event) => set({ actor: event.currentTarget.value })} aria-label={t("audit.who")} data={[{ value: "", label: t("audit.anybody") }, ...actors]} />
      <ActSelect value={values.action} onChange={(action) => set({ action })} />
      <NativeSelect className="wide-only" value={values.outcome} onChange={(event) => set({ outcome: event.currentTarget.value })} aria-label={t("audit.outcome")} data={[{ value: "", label: t("audit.outcome.all") }, ...OUTCOMES.map((value) => ({ value, label: t(`audit.outcome.${value}`) }))]} />
      <NativeSelect className="wide-only" value={values.range} onChange={(event) => set({ range: event.currentTarget.value as FilterValues["range"], since: "", until: "" })} aria-label={t("audit.range")} data={RANGES.map((value) => ({ value, label: t(`audit.range.${value}`) }))} />
      <Button variant="default" onClick={() => setMore(true)} leftSection={<Icon name="search" />}>
        {t("audit.more")}{hidden > 0 ? ` (${hidden})` : ""}
      </Button>
      <Dialog opened={more} onClose={() => setMore(false)} title={t("audit.more.title")}>
        <More values={values} actors={actors} onChange={(next) => { onChange(next); setMore(false); }} />
      </Dialog>
    </>
  );
}

function ActSelect({ value, onChange }: { value: string; onChange: (action: string) => void }) {
  const { t } = useMessages();
  const acts = actions(t);
  if (value !== "" && !acts.some((each) => each.value === value)) acts.push({ value, label: value });
  return <NativeSelect className="acts" value={value} onChange={(event) => onChange(event.currentTarget.value)} aria-label={t("audit.did")} data={[{ value: "", label: t("audit.anything") }, ...acts]} />;
}

const OUTCOME_END = /\.(refused|failed|allowed|done)$/;

/** Every act the catalogue has words for. */
const actions = (t: Translate) =>
  Object.keys(words)
    .filter((key) => key.startsWith("audit.act.") && !OUTCOME_END.test(key))
    .map((key) => key.slice("audit.act.".length))
    .map((value) => ({ value, label: act(t, value) }))
    .sort((a, b) => a.label.localeCompare(b.label));

function More({ values, actors, onChange }: { values: FilterValues; actors: { value: string; label: string }[]; onChange: (values: FilterValues) => void }) {
  const { t } = useMessages();
  const [next, setNext] = useState(values);
  useEffect(() => setNext(values), [values]);
  const set = (part: Partial<FilterValues>) => setNext({ ...next, ...part });
  const kinds = ["call", "voicemail", "session", "person", "account", "audit", "alert", "grant", "patient", "break-glass", "api-key", "retention", "hold", "agreement", "keys"];
  return (
    <form className="form" onSubmit={(event) => { event.preventDefault(); onChange(next); }}>
      <NativeSelect data-autofocus label={t("audit.who")} value={next.actor} onChange={(event) => set({ actor: event.currentTarget.value })} data={[{ value: "", label: t("audit.anybody") }, ...actors]} />
      <NativeSelect label={t("audit.outcome")} value={next.outcome} onChange={(event) => set({ outcome: event.currentTarget.value })} data={[{ value: "", label: t("audit.outcome.all") }, ...OUTCOMES.map((value) => ({ value, label: t(`audit.outcome.${value}`) }))]} />
      <NativeSelect label={t("audit.kinds")} value={next.kind} onChange={(event) => set({ kind: event.currentTarget.value })} data={[{ value: "", label: t("audit.kinds.all") }, ...kinds.map((value) => ({ value, label: kindText(t, value) }))]} />
      <TextInput label={t("audit.record")} description={t("audit.record.hint")} value={next.ref} onChange={(event) => set({ ref: event.currentTarget.value.trim() })} maxLength={80} autoComplete="off" spellCheck={false} />
      <div className="pair">
        <TextInput type="datetime-local" label={t("audit.since")} value={next.since.slice(0, 16)} onChange={(event) => set({ since: event.currentTarget.value, range: "between" })} />
        <TextInput type="datetime-local" label={t("audit.until")} value={next.until.slice(0, 16)} onChange={(event) => set({ until: event.currentTarget.value, range: "between" })} />
      </div>
      <p className="quiet">{t("audit.more.patient")}</p>
      <div className="form-end">
        <Button variant="default" onClick={() => onChange(NO_FILTERS)}>{t("audit.nothing.button")}</Button>
        <Button type="submit">{t("audit.more.button")}</Button>
      </div>
    </form>
  );
}

function kindText(t: Translate, kind: string): string {
  const key = `kind.${kind}`;
  return isKey(key) ? t(key) : kind;
}
