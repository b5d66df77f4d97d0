import type { Schemas } from "../api/client";
import { useMessages } from "../messages";
import { Icon, type IconName } from "./Icon";

type Level = Schemas["Protection"];

const SIGNS: Record<Level, IconName> = { "end-to-end": "shield", "to-gateway": "lock", "public-network": "half", unprotected: "open" };

/** The protection of a call: a word, and a sign that is told apart by its shape. */
export function Protection({ level, short = false }: { level: Level; short?: boolean }) {
  const { t } = useMessages();
  return (
    <span className={`protection protection-${level}`} title={short ? t(`protection.${level}`) : undefined}>
      <Icon name={SIGNS[level]} />
      <span>{t(short ? `protection.short.${level}` : `protection.${level}`)}</span>
    </span>
  );
}
