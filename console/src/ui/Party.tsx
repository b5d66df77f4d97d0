import type { Schemas } from "../api/client";
import { useMessages } from "../messages";

/** Name and number of one end of a call; veiled with everything else that may be a patient's. */
export function PartyText({ party, lines = false }: { party: Schemas["Party"]; lines?: boolean }) {
  const { t } = useMessages();
  if (party.withheld) return <span className="quiet">{t("party.withheld")}</span>;
  return (
    <span className={lines ? "party party-lines" : "party"}>
      {party.name !== "" && <span className="party-name phi">{party.name}</span>}
      <span className={party.name === "" ? "number phi" : "number quiet phi"}>{party.text}</span>
    </span>
  );
}
