import { Kbd, Switch } from "@mantine/core";

import { useMessages } from "../messages";
import { Dialog } from "../ui/Dialog";
import { setSingleKeys, useSingleKeys } from "./keys";
import type { Place } from "./places";

export function KeysHelp({ opened, onClose, places, breakGlass }: { opened: boolean; onClose: () => void; places: Place[]; breakGlass: boolean }) {
  const { t } = useMessages();
  const single = useSingleKeys();
  const groups: [string, [string, string][]][] = [
    [
      t("keys.everywhere"),
      [
        ["?", t("keys.help")],
        ["Ctrl K", t("keys.palette")],
        ["Shift L", t("keys.veil")],
        ["Shift X", t("keys.lock")],
        ...(breakGlass ? [["Shift B", t("break.button")] satisfies [string, string]] : []),
        ["/", t("keys.filter")],
        ...places.map(({ name, key }): [string, string] => [`g ${key}`, t("keys.go", { place: t(`place.${name}`) })]),
      ],
    ],
    [t("keys.lists"), [["↓ ↑", t("keys.move")], ["Home End", t("keys.ends")], ["Enter", t("keys.open")], ["Esc", t("keys.escape")]]],
  ];
  if (places.some(({ name }) => name === "access")) groups.push([t("keys.matrix"), [["↓ ↑ ← →", t("keys.cells")], ["Enter", t("keys.why")]]]);
  if (places.some(({ name }) => name === "voicemail"))
    groups.push([t("keys.voicemail"), [["k", t("keys.play")], ["j l", t("keys.skip")], ["[ ]", t("keys.speed")], ["m", t("keys.heard")]]]);
  return (
    <Dialog opened={opened} onClose={onClose} title={t("keys.title")} size="lg">
      <div className="keys">
        {groups.map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, meaning]) => (
                <div key={key}>
                  <dt>{key.split(" ").map((part) => <Kbd key={part}>{part}</Kbd>)}</dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Switch label={t("keys.switch")} checked={single} onChange={(event) => setSingleKeys(event.currentTarget.checked)} />
    </Dialog>
  );
}
