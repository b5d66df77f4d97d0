import { useSystem } from "../api/live";
import { isKey, useMessages } from "../messages";
import { Icon } from "../ui/Icon";
import { Failure, Loading } from "../ui/States";
import { effect, partName } from "./Banner";

export function System() {
  const { t } = useMessages();
  const system = useSystem();
  if (system.error) return <Failure error={system.error} onRetry={() => void system.refetch()} />;
  if (system.data === undefined) return <Loading />;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("system.title")}</h1>
      </header>
      <ul className="parts">
        {system.data.services.map((part) => {
          const key = `system.state.${part.state}`;
          const up = part.state === "up";
          return (
            <li key={part.name}>
              <Icon name={up ? "check" : "warning"} />
              <span>
                <strong>{partName(t, part.name)}</strong> <span className="quiet">{part.name}</span>
                {!up && <p>{effect(t, part.name)}</p>}
              </span>
              <span className={up ? "part-up" : "part-down"}>{isKey(key) ? t(key) : part.state}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
