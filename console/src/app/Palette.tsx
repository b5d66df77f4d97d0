import { Kbd, TextInput } from "@mantine/core";
import { useEffect, useId, useState, type KeyboardEvent } from "react";

import { useMessages } from "../messages";
import { Dialog } from "../ui/Dialog";

export interface Act {
  text: string;
  keys?: string;
  run: () => void;
}

/** One field for pages and actions (ARIA 1.2 combobox with a list). */
export function Palette({ opened, onClose, acts }: { opened: boolean; onClose: () => void; acts: Act[] }) {
  const { t } = useMessages();
  return (
    <Dialog opened={opened} onClose={onClose} title={t("palette.title")} yOffset="12vh">
      <Choice acts={acts} onClose={onClose} />
    </Dialog>
  );
}

function Choice({ acts, onClose }: { acts: Act[]; onClose: () => void }) {
  const { t } = useMessages();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const found = acts.filter((act) => folded(act.text).includes(folded(text)));
  useEffect(() => setAt(0), [text]);
  const run = (act: Act | undefined) => {
    if (act === undefined) return;
    onClose();
    act.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) setAt((at + step + found.length) % found.length);
    else if (event.key === "Enter") run(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        data-autofocus
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKey}
        placeholder={t("palette.field")}
        aria-label={t("palette.field")}
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={found[at] === undefined ? undefined : `${list}-${at}`}
      />
      {found.length === 0 && <p className="quiet">{t("palette.nothing")}</p>}
      <ul className="palette" role="listbox" id={list} aria-label={t("palette.title")}>
        {found.map((act, index) => (
          <li key={act.text} id={`${list}-${index}`} role="option" aria-selected={index === at} onClick={() => run(act)} onPointerMove={() => setAt(index)}>
            <span>{act.text}</span>
            {act.keys !== undefined && <span>{act.keys.split(" ").map((key) => <Kbd key={key}>{key}</Kbd>)}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

const folded = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
