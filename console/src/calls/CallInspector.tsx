import type { Schemas } from "../api/client";
import { useMessages } from "../messages";
import { Facts, Inspector } from "../ui/Inspector";
import { PartyText } from "../ui/Party";
import { BreakGlassButton } from "../ui/States";
import { Protection } from "../ui/Protection";
import { clock, exact } from "../ui/Time";

type Leg = Schemas["LegView"];

export function CallInspector({ call, onClose }: { call: Schemas["CallView"]; onClose: () => void }) {
  const { t, language } = useMessages();
  const when = (at: string | null) => (at === null ? "" : exact(at, language));
  return (
    <Inspector title={t("calls.details")} onClose={onClose}>
      <p className="inspector-who">
        <PartyText party={call.caller} lines />
      </p>
      {call.masked && (
        <>
          <p className="quiet">{t("party.hidden.why")}</p>
          <BreakGlassButton record={`call:${call.id}`} />
        </>
      )}
      <Protection level={call.protection} />
      <Facts
        facts={[
          [t("calls.outcome"), t(`disposition.${call.disposition}`)],
          [t("calls.direction"), t(`direction.${call.direction}`)],
          [t("calls.called"), <PartyText party={call.called} />],
          [t("calls.by"), call.answered_by?.name ?? ""],
          [t("calls.started"), when(call.started_at)],
          [t("calls.answered"), when(call.answered_at)],
          [t("calls.ended"), when(call.ended_at)],
          [t("calls.talk"), call.talk_s > 0 ? clock(call.talk_s) : ""],
          [t("calls.path"), call.steps.map((step) => step.replaceAll("_", " ")).join(" → ")],
          [t("calls.id"), <code>{call.id}</code>],
        ]}
      />
      <h3>{t("calls.legs")}</h3>
      <ul className="legs">
        {call.legs.map((leg) => (
          <LegFacts key={leg.id} leg={leg} />
        ))}
      </ul>
    </Inspector>
  );
}

function LegFacts({ leg }: { leg: Leg }) {
  const { t } = useMessages();
  const seconds = (Date.parse(leg.ended_at) - Date.parse(leg.answered_at ?? leg.started_at)) / 1000;
  return (
    <li>
      <p>
        <span className="quiet">{t(leg.outgoing ? "calls.leg.out" : "calls.leg.in")}</span> {leg.person === null ? <PartyText party={leg.party} /> : leg.person.name}
        <span className="number quiet leg-time">{clock(seconds)}</span>
      </p>
      <Protection level={leg.protection} />
      <Facts
        facts={[
          [t("calls.leg.signalling"), plain(leg.signalling, ["UDP", "TCP"], t("calls.leg.plain"))],
          [t("calls.leg.media"), leg.media === "none" ? t("calls.leg.none") : plain(leg.media, ["RTP"], t("calls.leg.plain"))],
          [t("calls.leg.status"), leg.answered_elsewhere ? t("calls.leg.elsewhere") : String(leg.end_status)],
        ]}
      />
    </li>
  );
}

const plain = (word: string, unprotected: string[], note: string): string => (unprotected.includes(word) ? `${word}, ${note}` : word);
