import type { Schemas } from "../api/client";
import { useMessages } from "../messages";
import { Icon, type IconName } from "./Icon";

type Level = Schemas["Protection"];

const SIGNS: Record<Level, IconName> = { "end-to-end": "shield", "to-gateway": "lock", "public-network": "half", unprotected: "open" };

/** The protection of a call: a word, and a sign that is told apart by its shape. */
export function Protection({ level }: { level: Level }) {
  const { t } = useMessages();
  return (
    <span className={`protection protection-${level}`}>
      <Icon name={SIGNS[level]} />
      <span>{t(`protection.${level}`)}</span>
    </span>
  );
}
