import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, body, type Out } from "../api/client";
import { isKey, useMessages, type Translate } from "../messages";
import { Confirm } from "../ui/Confirm";
import { Icon } from "../ui/Icon";
import { Facts } from "../ui/Inspector";
import { Failure, Loading } from "../ui/States";
import { Ago, exact } from "../ui/Time";

type View = Out<"/api/v1/keys">;
type Purpose = View["purposes"][number];

export const useKeysView = (allowed = true) => useQuery({ queryKey: ["keys"], queryFn: () => body(api.GET("/api/v1/keys")), enabled: allowed });

/** Who holds the root key, the epochs of each purpose, the re-encryption, and the recovery key. */
export function Keys({ permissions }: { permissions: readonly string[] }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<string | null>(null); // "" is every purpose
  const found = useKeysView();
  const rotate = useMutation({
    mutationFn: (purpose: string) => api.POST("/api/v1/keys/rotate", { body: { purpose: purpose === "" ? null : purpose } }),
    onSuccess: () => {
      setAsked(null);
      return queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  if (found.error && found.data === undefined) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Loading />;
  const keys = found.data;
  const mayRotate = permissions.includes("keys.rotate");
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.keys")}</h1>
        {mayRotate && <span className="head-end"><Button variant="default" onClick={() => setAsked("")}>{t("crypto.rotate.all")}</Button></span>}
      </header>
      {keys.state.state !== "up" && <p className="note trouble page-note" role="alert"><Icon name="warning" /> <strong>{t(`keystate.${keys.state.state}`)}</strong> {t("keystate.effect")} <span lang="en">{keys.state.text}</span></p>}
      {keys.development && <p className="note page-note"><Icon name="warning" /> {t("keystate.development")}</p>}
      <div className="cards cards-three">
        <section className="card" aria-labelledby="holder">
          <h2 id="holder">{t("crypto.holder")}</h2>
          <Facts facts={[[t("crypto.provider"), keys.provider], [t("crypto.holders"), keys.holders.join(", ")], [t("review.state"), <span className={keys.state.state === "up" ? "fine" : "trouble"}>{t(`keystate.${keys.state.state}`)}</span>]]} />
        </section>
        <Recovery recovery={keys.recovery} />
        <Job job={keys.job} behind={keys.purposes.reduce((sum, purpose) => sum + purpose.records_behind, 0)} />
        <section className="card card-full" aria-labelledby="purposes">
          <h2 id="purposes">{t("crypto.purposes")}</h2>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{t("crypto.purpose")}</th>
                <th scope="col">{t("crypto.epoch")}</th>
                <th scope="col">{t("crypto.since")}</th>
                <th scope="col" className="end">{t("crypto.behind")}</th>
                {mayRotate && <th scope="col"><span className="hide">{t("crypto.rotate")}</span></th>}
              </tr>
            </thead>
            <tbody>{keys.purposes.map((purpose) => <Row key={purpose.purpose} purpose={purpose} mayRotate={mayRotate} onRotate={() => setAsked(purpose.purpose)} />)}</tbody>
          </table>
        </section>
      </div>
      <Confirm opened={asked !== null} onClose={() => setAsked(null)} title={asked === "" || asked === null ? t("crypto.rotate.all") : t("crypto.rotate.one", { purpose: purposeText(t, asked) })} button={t("crypto.rotate")} act={{ mutate: () => rotate.mutate(asked ?? ""), isPending: rotate.isPending, error: rotate.error }}>
        <p>{t("crypto.rotate.text")}</p>
      </Confirm>
    </div>
  );
}

function purposeText(t: Translate, purpose: string): string {
  const key = `purpose.${purpose}`;
  return isKey(key) ? t(key) : purpose.replaceAll("-", " ");
}

function Row({ purpose, mayRotate, onRotate }: { purpose: Purpose; mayRotate: boolean; onRotate: () => void }) {
  const { t } = useMessages();
  return (
    <tr>
      <th scope="row">{purposeText(t, purpose.purpose)} <code className="quiet">{purpose.purpose}</code></th>
      <td data-label={t("crypto.epoch")} className="number">{purpose.epoch} <span className="quiet">{purpose.epochs > 1 && t("crypto.epochs", { count: purpose.epochs })}</span></td>
      <td data-label={t("crypto.since")}>{purpose.created_at === null ? "–" : <Ago at={purpose.created_at} />}</td>
      <td data-label={t("crypto.behind")} className="end number">{purpose.records_behind === 0 ? <span className="quiet">0</span> : <strong>{purpose.records_behind}</strong>}</td>
      {mayRotate && <td className="end"><Button size="compact-sm" variant="default" aria-label={t("crypto.rotate.one", { purpose: purposeText(t, purpose.purpose) })} onClick={onRotate}>{t("crypto.rotate")}</Button></td>}
    </tr>
  );
}

function Job({ job, behind }: { job: View["job"]; behind: number }) {
  const { t } = useMessages();
  return (
    <section className="card" aria-labelledby="job">
      <h2 id="job">{t("crypto.job")}</h2>
      {job === null ? (
        <p className="quiet">{behind === 0 ? t("crypto.job.none") : t("crypto.job.waiting", { count: behind })}</p>
      ) : (
        <>
          <p className={job.state === "stopped" ? "trouble" : undefined}>{t(`crypto.job.${job.state}`)} <span className="number">{t("crypto.job.count", { done: job.done, total: job.total })}</span></p>
          <progress max={Math.max(1, job.total)} value={job.done} aria-labelledby="job" />
          {job.damaged > 0 && <p className="trouble">{t("crypto.job.damaged", { count: job.damaged })}</p>}
        </>
      )}
    </section>
  );
}

function Recovery({ recovery }: { recovery: View["recovery"] }) {
  const { t, language } = useMessages();
  return (
    <section className={recovery === null ? "card card-warn" : "card"} aria-labelledby="recovery-key">
      <h2 id="recovery-key">{t("crypto.recovery")}</h2>
      {recovery === null ? (
        <>
          <p>{t("crypto.recovery.none")}</p>
          <pre tabIndex={0}>auricle keys export-recovery</pre>
        </>
      ) : (
        <p>{t("crypto.recovery.made", { date: exact(recovery.made_at, language), shares: recovery.shares, needed: recovery.needed })}</p>
      )}
    </section>
  );
}
