import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body, type Out } from "../api/client";
import { useMessages } from "../messages";
import { useSessionNow } from "../session/session";
import { Empty } from "../ui/States";
import { exact } from "../ui/Time";
import { problemText } from "../ui/problem";
import { Result } from "./Audit";
import { download } from "./download";
import { act, who } from "./words";

type Look = Out<"/api/v1/audit/patient-report", "post">["looks"][number];

/** "Who looked at my record": everything done to the records of one telephone number, to print or save. */
export function Report() {
  const { t } = useMessages();
  const [number, setNumber] = useState("");
  const find = useMutation({ mutationFn: () => body(api.POST("/api/v1/audit/patient-report", { body: { number: number.trim() } })) });
  const csv = useMutation({
    mutationFn: async (asked: string) => download((await body(api.POST("/api/v1/audit/patient-report.csv", { body: { number: asked }, parseAs: "blob" }))) as unknown as Blob, "who-looked.csv"),
  });
  const [asked, setAsked] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsked(number.trim());
    find.mutate();
  };
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.report")}</h1>
        <form className="inline" onSubmit={submit}>
          <TextInput data-filter type="tel" value={number} onChange={(event) => setNumber(event.currentTarget.value)} placeholder={t("report.number")} aria-label={t("report.number")} className="filter" required maxLength={64} autoComplete="off" />
          <Button type="submit" loading={find.isPending}>{t("report.button")}</Button>
        </form>
        {find.data !== undefined && find.data.looks.length > 0 && (
          <span className="head-end">
            <Button variant="default" onClick={() => window.print()}>{t("app.print")}</Button>
            <Button variant="default" loading={csv.isPending} onClick={() => csv.mutate(asked)}>{t("report.csv")}</Button>
          </span>
        )}
      </header>
      <p className="trouble page-note" role="alert">{problemText(t, find.error ?? csv.error)}</p>
      {find.data === undefined ? <Empty title={t("report.empty")}>{t("report.empty.hint")}</Empty> : find.data.looks.length === 0 ? <Empty title={t("report.nothing")}>{t("report.nothing.hint")}</Empty> : <Looks looks={find.data.looks} number={asked} />}
    </div>
  );
}

function Looks({ looks, number }: { looks: readonly Look[]; number: string }) {
  const { t, language } = useMessages();
  const session = useSessionNow();
  return (
    <div className="report printed">
      <p className="quiet">
        {t("report.about")} <span className="number phi">{number}</span> · {session?.practice} · {t("report.count", { count: looks.length })}
      </p>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t("audit.when")}</th>
            <th scope="col">{t("audit.who")}</th>
            <th scope="col">{t("audit.did")}</th>
            <th scope="col">{t("audit.what")}</th>
            <th scope="col">{t("audit.result")}</th>
            <th scope="col">{t("audit.why")}</th>
          </tr>
        </thead>
        <tbody>
          {looks.map((look) => (
            <tr key={`${look.number} ${look.record}`}>
              <td className="number" data-label={t("audit.when")}>{exact(look.at, language)}</td>
              <td data-label={t("audit.who")}>{who(t, look.actor_kind, look.actor.name)}</td>
              <td data-label={t("audit.did")}>{act(t, look.action, look.outcome)}</td>
              <td data-label={t("audit.what")}><code>{look.record}</code></td>
              <td data-label={t("audit.result")}><Result outcome={look.outcome} /></td>
              <td data-label={t("audit.why")} lang="en">{look.why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
