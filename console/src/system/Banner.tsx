import { useSystem } from "../api/live";
import { isKey, useMessages, type Translate } from "../messages";
import { Icon } from "../ui/Icon";

/** Says which part is not running, what that means for calls, and what to do. */
export function SystemBanner() {
  const { t } = useMessages();
  const { data } = useSystem();
  const down = (data?.services ?? []).filter((part) => part.state !== "up");
  return (
    <div role="status">
      {down.map((part) => {
        const key = `system.${part.state}`;
        return (
          <p className="banner" key={part.name}>
            <Icon name="warning" />
            <span>
              <strong>{t(isKey(key) ? key : "system.stopped", { part: partName(t, part.name) })}</strong> {effect(t, part.name)}
              {part.state !== "development" && ` ${t("system.tell")}`}
            </span>
          </p>
        );
      })}
    </div>
  );
}

export function partName(t: Translate, name: string): string {
  const key = `system.part.${name}`;
  return isKey(key) ? t(key) : name;
}

export function effect(t: Translate, name: string): string {
  const key = `system.effect.${name}`;
  return t(isKey(key) ? key : "system.effect.other");
}
