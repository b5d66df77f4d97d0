/** Entries of the audit log as one would say them. */
import type { Schemas } from "../api/client";
import { isKey, type Translate } from "../messages";

export type Entry = Schemas["AuditView"];

export function outcomeText(t: Translate, outcome: string): string {
  const key = `audit.outcome.${outcome}`;
  return isKey(key) ? t(key) : outcome;
}

export function act(t: Translate, action: string, outcome = ""): string {
  const key = [`audit.act.${action}.${outcome}`, `audit.act.${action}`].find(isKey);
  return key === undefined ? action : t(key);
}

export const who = (t: Translate, kind: string, name: string): string => (kind === "anonymous" ? t("audit.actor.anonymous") : name);

/** One entry as a sentence. */
export function sentence(t: Translate, entry: Entry): string {
  const thing = entry.ref === "*" ? "" : ` (${entry.kind} ${entry.ref})`;
  return `${who(t, entry.actor_kind, entry.actor.name)} ${act(t, entry.action, entry.outcome)}${thing}: ${outcomeText(t, entry.outcome).toLowerCase()}`;
}
