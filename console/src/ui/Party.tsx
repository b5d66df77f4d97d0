import type { Schemas } from "../api/client";
import { useMessages } from "../messages";
import { Icon } from "./Icon";

/** Nothing of it was sent: the person may know that there was a call, and no more. */
export const isHidden = (party: Schemas["Party"]): boolean => !party.withheld && party.number === "" && party.name === "";

/** Name and number of one end of a call; veiled with everything else that may be a patient's, hidden where the role does not need it. */
export function PartyText({ party, lines = false }: { party: Schemas["Party"]; lines?: boolean }) {
  const { t } = useMessages();
  if (isHidden(party)) return <span className="quiet masked" title={t("party.hidden.why")}><Icon name="hidden" /> {t("party.hidden")}</span>;
  if (party.withheld) return <span className="quiet">{t("party.withheld")}</span>;
  return (
    <span className={lines ? "party party-lines" : "party"}>
      {party.name !== "" && <span className="party-name phi">{party.name}</span>}
      <span className={party.name === "" ? "number phi" : "number quiet phi"}>{party.text}</span>
    </span>
  );
}
