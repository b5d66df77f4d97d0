import { Button, NumberInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, type FormEvent } from "react";

import { api, body, type Out } from "../api/client";
import { isKey, useMessages, type Translate } from "../messages";
import { Icon } from "../ui/Icon";
import { Failure, Loading } from "../ui/States";
import { Ago, exact } from "../ui/Time";
import { problemText } from "../ui/problem";

type View = Out<"/api/v1/retention">;
type Rule = View["schedule"][number];
type Preview = Out<"/api/v1/retention/preview", "post">;

/** How long each kind of record is kept. A change is shown before it is made: what it would delete, and what holds keep. */
export function Retention({ permissions }: { permissions: readonly string[] }) {
  const { t } = useMessages();
  const found = useQuery({ queryKey: ["retention"], queryFn: () => body(api.GET("/api/v1/retention")) });
  if (found.error && found.data === undefined) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Loading />;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.retention")}</h1>
        <Runs view={found.data} permissions={permissions} />
      </header>
      {found.data.clock_fault !== "" && <ClockFault view={found.data} may={permissions.includes("retention.change")} />}
      <Schedule key={JSON.stringify(found.data.schedule.map(({ days }) => days))} view={found.data} mayChange={permissions.includes("retention.change")} />
    </div>
  );
}

export function recordText(t: Translate, kind: string): string {
  const key = `retention.kind.${kind}`;
  return isKey(key) ? t(key) : kind.replaceAll("-", " ");
}

function Runs({ view, permissions }: { view: View; permissions: readonly string[] }) {
  const { t, language } = useMessages();
  const queries = useQueryClient();
  const run = useMutation({ mutationFn: () => api.POST("/api/v1/retention/run"), onSuccess: () => queries.invalidateQueries({ queryKey: ["retention"] }) });
  const last = view.last_run;
  return (
    <>
      <span className="quiet">
        {t("retention.next", { time: exact(view.next_run, language) })} {last !== null && <>{t("retention.last")} <Ago at={last.at} />: {t("retention.did", { shredded: last.shredded, held: last.held, failed: last.failed })} {last.stopped}</>}
      </span>
      {permissions.includes("retention.run") && (
        <span className="head-end">
          <span role="status" className="fine">{run.isSuccess ? t("retention.began") : ""}</span>
          <Button variant="default" loading={run.isPending} onClick={() => run.mutate()}>{t("retention.run")}</Button>
        </span>
      )}
      {run.error !== null && <span className="trouble" role="alert">{problemText(t, run.error)}</span>}
    </>
  );
}

function ClockFault({ view, may }: { view: View; may: boolean }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const believe = useMutation({ mutationFn: () => api.POST("/api/v1/retention/clock"), onSuccess: () => queries.invalidateQueries({ queryKey: ["retention"] }) });
  return (
    <div className="note page-note" role="status">
      <Icon name="warning" /> <strong>{t("retention.clock")}</strong> <span lang="en">{view.clock_fault}</span>{" "}
      {may && <Button size="compact-sm" variant="default" loading={believe.isPending} onClick={() => believe.mutate()}>{t("retention.clock.right")}</Button>}
      <span className="trouble">{problemText(t, believe.error)}</span>
    </div>
  );
}

function Schedule({ view, mayChange }: { view: View; mayChange: boolean }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [days, setDays] = useState<Partial<Record<string, number | string>>>({});
  const changes = view.schedule.flatMap((rule) => {
    const wanted = days[rule.kind];
    return typeof wanted === "number" && wanted !== rule.days ? [{ kind: rule.kind, days: wanted }] : [];
  });
  const preview = useMutation({ mutationFn: () => body(api.POST("/api/v1/retention/preview", { body: { schedule: changes, preview_token: "" } })) });
  const save = useMutation({
    mutationFn: (token: string) => body(api.PUT("/api/v1/retention", { body: { schedule: changes, preview_token: token } })),
    onSuccess: (next) => queries.setQueryData(["retention"], next),
  });
  const set = (kind: string, value: number | string) => {
    setDays({ ...days, [kind]: value });
    preview.reset();
    save.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    preview.mutate();
  };
  return (
    <form className="retention" onSubmit={submit}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t("retention.what")}</th>
            <th scope="col">{t("retention.days")}</th>
            <th scope="col">{t("retention.minimum")}</th>
            <th scope="col">{t("retention.source")}</th>
          </tr>
        </thead>
        <tbody>
          {view.schedule.map((rule) => (
            <tr key={rule.kind}>
              <th scope="row">{recordText(t, rule.kind)}<span className="row-more quiet" lang="en">{rule.about}</span></th>
              <td data-label={t("retention.days")}><Days rule={rule} value={days[rule.kind]} mayChange={mayChange} onChange={(value) => set(rule.kind, value)} /></td>
              <td data-label={t("retention.minimum")} className="number">{rule.minimum_days === null ? "–" : term(t, rule.minimum_days)}</td>
              <td data-label={t("retention.source")} lang="en">{rule.source}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {mayChange && (
        <div className="retention-end">
          <p className="trouble" role="alert">{problemText(t, preview.error ?? save.error)}</p>
          <div className="form-start">
            <Button type="submit" variant={preview.data === undefined ? "filled" : "default"} disabled={changes.length === 0} loading={preview.isPending}>{t("retention.preview")}</Button>
            {changes.length > 0 && <Button variant="default" onClick={() => { setDays({}); preview.reset(); }}>{t("retention.undo")}</Button>}
            <span role="status" className="quiet">{changes.length === 0 ? t("retention.change") : t("retention.changes", { count: changes.length })}</span>
          </div>
          <div role="status">{preview.data !== undefined && <Shown preview={preview.data} saving={save.isPending} onSave={(token) => save.mutate(token)} />}</div>
        </div>
      )}
    </form>
  );
}

/** Days, and years where they are many. */
function term(t: Translate, days: number): string {
  return days >= 730 && days % 365 < 3 ? `${t("time.days", { count: days })} (${t("time.years", { count: Math.floor(days / 365) })})` : t("time.days", { count: days });
}

function Days({ rule, value, mayChange, onChange }: { rule: Rule; value: number | string | undefined; mayChange: boolean; onChange: (value: number | string) => void }) {
  const { t } = useMessages();
  if (!mayChange || !rule.changeable || rule.days === null) return <span className="number">{rule.days === null ? t("retention.no_term") : term(t, rule.days)}</span>;
  const least = rule.minimum_days ?? 0;
  const shown = value ?? rule.days;
  const low = typeof shown === "number" && shown < least;
  return <NumberInput value={shown} onChange={onChange} min={0} max={100_000} allowDecimal={false} allowNegative={false} hideControls aria-label={`${recordText(t, rule.kind)}: ${t("retention.days")}`} error={low ? t("retention.low", { days: least }) : undefined} className="days" />;
}

function Shown({ preview, saving, onSave }: { preview: Preview; saving: boolean; onSave: (token: string) => void }) {
  const { t, language } = useMessages();
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    box.current?.scrollIntoView({ block: "nearest" });
  }, [preview]);
  const deletes = preview.kinds.reduce((sum, kind) => sum + kind.would_delete, 0);
  return (
    <section className={deletes > 0 ? "card card-warn" : "card"} aria-label={t("retention.preview.title")} ref={box}>
      <h2>{deletes === 0 ? t("retention.preview.none") : t("retention.preview.some", { count: deletes })}</h2>
      <ul className="rows">
        {preview.kinds.map((kind) => (
          <li key={kind.kind}>
            <span>
              <strong>{recordText(t, kind.kind)}</strong> <span className="quiet">{term(t, kind.days)}</span>
              <span className="row-more">
                {t("retention.preview.now", { count: kind.would_delete })} · {t("retention.preview.soon", { count: kind.within_30_days })} · {t("retention.preview.held", { count: kind.held })}{kind.oldest !== null && ` · ${t("retention.preview.oldest", { date: new Date(kind.oldest).toLocaleDateString(language, { dateStyle: "medium" }) })}`}
              </span>
            </span>
          </li>
        ))}
      </ul>
      <p>{t("retention.preview.text")}</p>
      <div className="form-start"><Button color={deletes > 0 ? "red" : "teal"} loading={saving} onClick={() => onSave(preview.token)}>{t("retention.save")}</Button></div>
    </section>
  );
}
