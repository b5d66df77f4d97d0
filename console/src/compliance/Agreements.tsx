import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body, type Out } from "../api/client";
import { isKey, useMessages, type Translate } from "../messages";
import { Confirm } from "../ui/Confirm";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { Failure, Loading } from "../ui/States";
import { problemText } from "../ui/problem";

type Agreement = Out<"/api/v1/agreements">[number];
type Feature = Out<"/api/v1/features">[number];

/** Business associate agreements and what waits for them: what blocks something comes first. */
export function Agreements({ permissions }: { permissions: readonly string[] }) {
  const { t } = useMessages();
  const list = useQuery({ queryKey: ["agreements"], queryFn: () => body(api.GET("/api/v1/agreements")) });
  if (list.error && list.data === undefined) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (list.data === undefined) return <Loading />;
  const mayChange = permissions.includes("agreements.change");
  const sorted = [...list.data].sort((a, b) => urgency(a) - urgency(b));
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.agreements")}</h1>
        <span className="quiet">{t("agreement.hint")}</span>
      </header>
      <div className="cards cards-wide">
        <section className="card" aria-labelledby="parties">
          <h2 id="parties">{t("agreement.parties")}</h2>
          <ul className="rows">{sorted.map((agreement) => <Row key={agreement.party} agreement={agreement} mayChange={mayChange} />)}</ul>
        </section>
        {permissions.includes("system.read") && <Features />}
      </div>
    </div>
  );
}

const urgency = (agreement: Agreement): number => (isWanting(agreement) ? 0 : agreement.blocks.length > 0 ? 1 : agreement.state === "in-force" ? 2 : agreement.signed_on !== null ? 3 : 4);
/** Something built here waits for it. */
const isWanting = (agreement: Agreement): boolean => agreement.blocks.length > 0 && (agreement.state === "missing" || agreement.state === "expired");

export function partyText(t: Translate, party: string): string {
  const [kind, name] = party.split(":");
  const key = `party.${kind ?? party}`;
  const text = isKey(key) ? t(key) : (kind ?? party);
  return name === undefined ? text : `${text}: ${name}`;
}

function featureText(t: Translate, feature: string): string {
  const key = `feature.${feature}`;
  return isKey(key) ? t(key) : feature.replaceAll("-", " ");
}

const day = (date: string, language: string): string => new Date(`${date}T12:00:00`).toLocaleDateString(language, { dateStyle: "medium" });

function Row({ agreement, mayChange }: { agreement: Agreement; mayChange: boolean }) {
  const { t, language } = useMessages();
  const queries = useQueryClient();
  const [what, setWhat] = useState<"edit" | "end" | null>(null);
  const done = async () => {
    await queries.invalidateQueries({ predicate: ({ queryKey }) => ["agreements", "features"].includes(String(queryKey[0])) });
    setWhat(null);
  };
  const end = useMutation({ mutationFn: () => api.DELETE("/api/v1/agreements/{party}", { params: { path: { party: agreement.party } } }), onSuccess: done });
  const state = `agreement.state.${agreement.state}`;
  const name = partyText(t, agreement.party);
  const noted = agreement.signed_on !== null;
  return (
    <li>
      <span>
        <strong>{name}</strong> <span className={agreement.state === "in-force" ? "fine" : isWanting(agreement) ? "trouble" : "quiet"}><Icon name={agreement.state === "in-force" ? "check" : isWanting(agreement) ? "warning" : "hidden"} /> {isKey(state) ? t(state) : agreement.state}</span>
        <span className="row-more">
          {[
            agreement.signed_on === null ? "" : t("agreement.signed", { date: day(agreement.signed_on, language) }),
            agreement.expires_on === null ? "" : t("agreement.expires", { date: day(agreement.expires_on, language) }),
            agreement.reference ?? "",
          ].filter((text) => text !== "").join(" · ")}
        </span>
        {agreement.blocks.length > 0 && <span className={isWanting(agreement) ? "row-more trouble" : "row-more"}>{t("agreement.blocks", { features: agreement.blocks.map((feature) => featureText(t, feature)).join(", ") })}</span>}
        <span className="row-more quiet" lang="en">{agreement.why} {agreement.what_to_do}</span>
      </span>
      {mayChange && (
        <span className="row-acts">
          <Button size="compact-sm" variant={isWanting(agreement) ? "filled" : "default"} aria-label={`${t(noted ? "app.edit" : "agreement.note")}: ${name}`} onClick={() => setWhat("edit")}>{t(noted ? "app.edit" : "agreement.note")}</Button>
          {agreement.state === "in-force" && <Button size="compact-sm" variant="default" aria-label={`${t("agreement.end")}: ${name}`} onClick={() => setWhat("end")}>{t("agreement.end")}</Button>}
        </span>
      )}
      <Dialog opened={what === "edit"} onClose={() => setWhat(null)} title={name} keep><Edit agreement={agreement} onDone={done} onCancel={() => setWhat(null)} /></Dialog>
      <Confirm opened={what === "end"} onClose={() => setWhat(null)} title={t("agreement.end")} button={t("agreement.end")} danger act={{ mutate: () => end.mutate(), isPending: end.isPending, error: end.error }}>
        <p>{t("agreement.end.text", { name })}</p>
      </Confirm>
    </li>
  );
}

function Edit({ agreement, onDone, onCancel }: { agreement: Agreement; onDone: () => Promise<void>; onCancel: () => void }) {
  const { t } = useMessages();
  const [reference, setReference] = useState(agreement.reference ?? "");
  const [signed, setSigned] = useState(agreement.signed_on ?? "");
  const [from, setFrom] = useState(agreement.in_force_from ?? "");
  const [expires, setExpires] = useState(agreement.expires_on ?? "");
  const save = useMutation({
    mutationFn: () => api.PUT("/api/v1/agreements/{party}", { params: { path: { party: agreement.party } }, body: { reference: reference.trim(), signed_on: signed, in_force_from: from || null, expires_on: expires || null } }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <p className="quiet">{t("agreement.form")}</p>
      <TextInput data-autofocus label={t("agreement.reference")} description={t("agreement.reference.hint")} value={reference} onChange={(event) => setReference(event.currentTarget.value)} required withAsterisk={false} maxLength={200} autoComplete="off" />
      <TextInput type="date" label={t("agreement.signed_on")} value={signed} onChange={(event) => setSigned(event.currentTarget.value)} required withAsterisk={false} />
      <div className="pair">
        <TextInput type="date" label={t("agreement.from")} value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
        <TextInput type="date" label={t("agreement.expires_on")} value={expires} onChange={(event) => setExpires(event.currentTarget.value)} />
      </div>
      <p className="trouble" role="alert">{problemText(t, save.error)}</p>
      <div className="form-end">
        <Button variant="default" onClick={onCancel}>{t("app.cancel")}</Button>
        <Button type="submit" loading={save.isPending}>{t("app.save")}</Button>
      </div>
    </form>
  );
}

function Features() {
  const { t } = useMessages();
  const list = useQuery({ queryKey: ["features"], queryFn: () => body(api.GET("/api/v1/features")) });
  return (
    <section className="card" aria-labelledby="features">
      <h2 id="features">{t("feature.title")}</h2>
      <p className="quiet">{t("feature.always")}</p>
      {list.error ? <Failure error={list.error} onRetry={() => void list.refetch()} /> : list.data === undefined ? <Loading /> : <ul className="rows">{[...list.data].sort((a, b) => weight(a) - weight(b)).map((feature) => <FeatureRow key={feature.feature} feature={feature} />)}</ul>}
    </section>
  );
}

const weight = (feature: Feature): number => ({ refused: 0, on: 1, "not-built": 2 })[feature.state];

function FeatureRow({ feature }: { feature: Feature }) {
  const { t } = useMessages();
  const state = `feature.state.${feature.state}`;
  const tone = { on: "fine", refused: "trouble", "not-built": "quiet" }[feature.state];
  return (
    <li>
      <span>
        <strong>{featureText(t, feature.feature)}</strong>
        <span className="row-more quiet" lang="en">{feature.why} {feature.what_to_do}</span>
      </span>
      <span className={`feature-state ${tone}`}>{isKey(state) ? t(state) : feature.state}</span>
    </li>
  );
}
