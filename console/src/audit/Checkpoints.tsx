import { useQuery } from "@tanstack/react-query";

import { api, body } from "../api/client";
import { isKey, useMessages } from "../messages";
import { CopyButton } from "../security/CopyButton";
import { Icon } from "../ui/Icon";
import { Empty, Failure, Loading } from "../ui/States";
import { Ago } from "../ui/Time";

/** The signed states of the log, and the places outside this machine that keep them. */
export function Checkpoints() {
  const { t } = useMessages();
  const found = useQuery({ queryKey: ["audit-checkpoints"], queryFn: () => body(api.GET("/api/v1/audit/checkpoints")) });
  if (found.error) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Loading />;
  const { key, entries, checkpoints, anchors } = found.data;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.checkpoints")}</h1>
        <span className="quiet">{t("checkpoint.entries", { count: entries })}</span>
      </header>
      <div className="cards cards-wide">
        <section className="card" aria-labelledby="log-key">
          <h2 id="log-key">{t("checkpoint.key")}</h2>
          <p className="quiet">{t("checkpoint.key.text")}</p>
          <p><code className="secret">{key}</code> <CopyButton text={key} /></p>
        </section>
        <section className="card" aria-labelledby="anchors">
          <h2 id="anchors">{t("checkpoint.anchors")}</h2>
          {anchors.length === 0 ? (
            <p className="missed">{t("checkpoint.anchors.none")}</p>
          ) : (
            <ul className="rows">
              {anchors.map((anchor) => {
                const state = `anchor.${anchor.state}`;
                return (
                  <li key={anchor.name}>
                    <span>
                      <Icon name={anchor.state === "up" ? "check" : "warning"} /> <strong>{anchor.name}</strong> <span className="quiet">{anchor.kind}</span>
                      <span className="row-more">{t("checkpoint.size", { count: anchor.size })}{anchor.at !== null && <> · <Ago at={anchor.at} /></>}{anchor.error !== "" && <> · <span className="trouble">{anchor.error}</span></>}</span>
                    </span>
                    <span className={anchor.state === "up" ? "fine" : "trouble"}>{isKey(state) ? t(state) : anchor.state}</span>
                  </li>
                );
              })}
            </ul>
          )}
        </section>
        <section className="card" aria-labelledby="signed">
          <h2 id="signed">{t("checkpoint.title")}</h2>
          {checkpoints.length === 0 ? (
            <Empty title={t("checkpoint.none")}>{t("checkpoint.none.hint")}</Empty>
          ) : (
            <ul className="rows">
              {checkpoints.map((checkpoint) => (
                <li key={checkpoint.size}>
                  <details>
                    <summary>{t("checkpoint.size", { count: checkpoint.size })}{checkpoint.at !== null && <> · <Ago at={checkpoint.at} /></>}{checkpoint.witnesses.length > 0 && ` · ${t("checkpoint.witnesses", { names: checkpoint.witnesses.join(", ") })}`}</summary>
                    <pre tabIndex={0}>{checkpoint.note}</pre>
                  </details>
                </li>
              ))}
            </ul>
          )}
        </section>
      </div>
    </div>
  );
}
