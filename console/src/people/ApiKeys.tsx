import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body, serverNow, type Out } from "../api/client";
import { useMessages, type Translate } from "../messages";
import { CopyButton } from "../security/CopyButton";
import { Confirm } from "../ui/Confirm";
import { Dialog } from "../ui/Dialog";
import { Empty, Failure, Loading } from "../ui/States";
import { Ago } from "../ui/Time";
import { problemText } from "../ui/problem";

type ApiKey = Out<"/api/v1/api-keys">["keys"][number];

const DAYS = [7, 30, 90, 180, 365] as const;

/** Keys for programs: what there is, making one, ending one. */
export function ApiKeys() {
  const { t } = useMessages();
  const [making, setMaking] = useState(false);
  const list = useQuery({ queryKey: ["api-keys"], queryFn: () => body(api.GET("/api/v1/api-keys")) });
  if (list.error && list.data === undefined) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (list.data === undefined) return <Loading />;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.api-keys")}</h1>
        <Button onClick={() => setMaking(true)}>{t("apikey.make")}</Button>
      </header>
      {list.data.keys.length === 0 ? (
        <Empty title={t("apikey.empty")}>{t("apikey.empty.hint")}</Empty>
      ) : (
        <ul className="rows rows-page">
          {list.data.keys.map((key) => <Row key={key.id} apiKey={key} />)}
        </ul>
      )}
      <Dialog opened={making} onClose={() => setMaking(false)} title={t("apikey.make")} size="lg" keep>
        <Make scopes={list.data.scopes} onDone={() => setMaking(false)} />
      </Dialog>
    </div>
  );
}

function Row({ apiKey }: { apiKey: ApiKey }) {
  const { t, language } = useMessages();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const end = useMutation({
    mutationFn: () => api.DELETE("/api/v1/api-keys/{key}", { params: { path: { key: apiKey.id } } }),
    onSuccess: () => {
      setAsking(false);
      return queries.invalidateQueries({ queryKey: ["api-keys"] });
    },
  });
  const over = Date.parse(apiKey.expires_at) < serverNow();
  return (
    <li>
      <span>
        <strong>{apiKey.name}</strong> <span className="quiet">{apiKey.owner.name} · {apiKey.last_used_at === null ? t("apikey.unused") : <>{t("apikey.used")} <Ago at={apiKey.last_used_at} /></>} ·{" "}</span>
        <span className={over ? "trouble" : "quiet"}>{t(over ? "apikey.over" : "apikey.until", { date: new Date(apiKey.expires_at).toLocaleDateString(language, { dateStyle: "medium" }) })}</span>
        <span className="scopes">{apiKey.scopes.map((scope) => <code key={scope}>{scope}</code>)}</span>
      </span>
      <span className="row-acts"><Button size="compact-sm" variant="default" aria-label={`${t("apikey.end")}: ${apiKey.name}`} onClick={() => setAsking(true)}>{t("apikey.end")}</Button></span>
      <Confirm opened={asking} onClose={() => setAsking(false)} title={t("apikey.end")} button={t("apikey.end")} danger act={{ mutate: () => end.mutate(), isPending: end.isPending, error: end.error }}>
        <p>{t("apikey.end.text", { name: apiKey.name })}</p>
      </Confirm>
    </li>
  );
}

function Make({ scopes, onDone }: { scopes: readonly string[]; onDone: () => void }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const make = useMutation({
    mutationFn: () => body(api.POST("/api/v1/api-keys", { body: { name: name.trim(), scopes: [...chosen], expires_at: new Date(serverNow() + Number(days) * 86_400_000).toISOString() } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["api-keys"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (make.data !== undefined) return <Once secret={make.data.key} onDone={onDone} />;
  return (
    <form className="form" onSubmit={submit}>
      <TextInput data-autofocus label={t("apikey.name")} description={t("apikey.name.hint")} value={name} onChange={(event) => setName(event.currentTarget.value)} required withAsterisk={false} maxLength={80} autoComplete="off" />
      <NativeSelect label={t("apikey.expires")} value={days} onChange={(event) => setDays(event.currentTarget.value)} data={DAYS.map((value) => ({ value: String(value), label: daysText(t, value) }))} />
      <fieldset className="choices choices-columns">
        <legend>{t("apikey.scopes")}</legend>
        {scopes.map((scope) => (
          <Checkbox key={scope} label={<code>{scope}</code>} checked={chosen.includes(scope)} onChange={(event) => setChosen(event.currentTarget.checked ? [...chosen, scope] : chosen.filter((other) => other !== scope))} />
        ))}
      </fieldset>
      <p className="quiet">{t("apikey.scopes.hint")}</p>
      <p className="trouble" role="alert">{problemText(t, make.error)}</p>
      <div className="form-end">
        <Button variant="default" onClick={onDone}>{t("app.cancel")}</Button>
        <Button type="submit" loading={make.isPending} disabled={chosen.length === 0}>{t("apikey.make")}</Button>
      </div>
    </form>
  );
}

const daysText = (t: Translate, days: number): string => t("time.days", { count: days });

function Once({ secret, onDone }: { secret: string; onDone: () => void }) {
  const { t } = useMessages();
  return (
    <div className="form">
      <p><strong>{t("apikey.once")}</strong> {t("apikey.once.text")}</p>
      <p><code className="secret">{secret}</code></p>
      <pre tabIndex={0}>{`Authorization: Bearer ${secret.slice(0, 8)}…`}</pre>
      <div className="form-end">
        <CopyButton text={secret} />
        <Button onClick={onDone}>{t("apikey.kept")}</Button>
      </div>
    </div>
  );
}
