import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";

import { api, body, type Out } from "../api/client";
import { isKey, useMessages } from "../messages";
import { Icon } from "../ui/Icon";
import { Facts, Inspector } from "../ui/Inspector";
import { Failure, Loading } from "../ui/States";
import { exact } from "../ui/Time";
import { problemText } from "../ui/problem";
import { leadsToRoot } from "./proof";
import { Result } from "./Audit";
import { sentence, type Entry } from "./words";

type Found = Out<"/api/v1/audit/{number}">;

interface Props {
  number: number;
  entry: Entry | undefined;
  permissions: readonly string[];
  onClose: () => void;
  onActor: (actor: string) => void;
}

/** One entry: the sentence, why it was allowed, what it touched, and the proof that it stands in the log. */
export function EntryInspector({ number, entry, permissions, onClose, onActor }: Props) {
  const { t } = useMessages();
  const found = useQuery({ queryKey: ["audit-entry", number], queryFn: () => body(api.GET("/api/v1/audit/{number}", { params: { path: { number } } })), staleTime: Infinity });
  const shown = found.data?.entry ?? entry;
  return (
    <Inspector title={`${t("audit.number")} ${number}`} onClose={onClose}>
      {shown !== undefined && <EntryFacts entry={shown} onActor={onActor} />}
      {found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : found.data === undefined ? <Loading /> : <More found={found.data} permissions={permissions} />}
    </Inspector>
  );
}

function EntryFacts({ entry, onActor }: { entry: Entry; onActor: (actor: string) => void }) {
  const { t, language } = useMessages();
  const kind = `audit.actor.${entry.actor_kind}`;
  return (
    <>
      <p className="inspector-who">{sentence(t, entry)}.</p>
      {entry.why !== "" && (
        <blockquote>
          <span className="quiet">{t("audit.rule")}</span> <span lang="en">{entry.why}</span>
        </blockquote>
      )}
      <Facts
        facts={[
          [t("audit.when"), exact(entry.at, language)],
          [t("audit.kind"), isKey(kind) ? t(kind) : entry.actor_kind],
          [t("audit.did"), <code>{entry.action}</code>],
          [t("audit.what"), <code>{`${entry.kind} ${entry.ref}`}</code>],
          [t("audit.result"), <Result outcome={entry.outcome} />],
          [t("audit.purpose"), entry.purpose],
          [t("audit.from"), entry.address],
          [t("audit.session"), entry.session],
        ]}
      />
      {entry.actor_kind === "person" && <button type="button" className="link" onClick={() => onActor(entry.actor.id)}>{t("audit.all_of", { name: entry.actor.name })}</button>}
    </>
  );
}

function More({ found, permissions }: { found: Found; permissions: readonly string[] }) {
  const { t } = useMessages();
  const details = Object.entries(found.detail).filter(([name]) => name !== "why");
  return (
    <>
      {details.length > 0 && <Facts facts={details.map(([name, value]) => [name, value])} />}
      {found.records.length > 0 && (
        <section className="inspector-part" aria-label={t("audit.records")}>
          <h3>{t("audit.records")} ({found.records.length})</h3>
          <ul className="records">{found.records.slice(0, 200).map((record) => <li key={record}><code>{record}</code></li>)}</ul>
        </section>
      )}
      {found.entry.has_private && <Private number={found.entry.number} may={permissions.includes("audit.private")} />}
      <Proof found={found} />
    </>
  );
}

function Private({ number, may }: { number: number; may: boolean }) {
  const { t } = useMessages();
  const open = useMutation({ mutationFn: () => body(api.GET("/api/v1/audit/{number}", { params: { path: { number }, query: { private: true } } })) });
  return (
    <section className="inspector-part" aria-label={t("audit.private")}>
      <h3>{t("audit.private")}</h3>
      {open.data !== undefined ? (
        <p className="phi">{open.data.private ?? t("audit.private.shredded")}</p>
      ) : may ? (
        <>
          <p className="quiet">{t("audit.private.text")}</p>
          <Button size="compact-sm" variant="default" loading={open.isPending} onClick={() => open.mutate()}>{t("audit.private.open")}</Button>
          <p className="trouble" role="alert">{problemText(t, open.error)}</p>
        </>
      ) : (
        <p className="quiet">{t("audit.private.no")}</p>
      )}
    </section>
  );
}

function Proof({ found }: { found: Found }) {
  const { t } = useMessages();
  const { proof } = found;
  const good = useQuery({ queryKey: ["audit-proof", proof.index, proof.size], queryFn: () => leadsToRoot(proof), staleTime: Infinity });
  return (
    <section className="inspector-part" aria-label={t("proof.title")}>
      <h3>{t("proof.title")}</h3>
      {good.data !== undefined && (
        <p className={good.data ? "fine" : "trouble"}>
          <Icon name={good.data ? "check" : "warning"} /> {t(good.data ? "proof.good" : "proof.bad", { index: proof.index, size: proof.size })}
        </p>
      )}
      <details>
        <summary>{t("proof.more")}</summary>
        <p className="quiet">{t("proof.hashes", { count: proof.path.length })} {t("proof.key")}</p>
        <pre tabIndex={0}>{proof.checkpoint}</pre>
        <pre tabIndex={0}>{proof.key}</pre>
      </details>
    </section>
  );
}
