import { ActionIcon } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";

import { useMessages } from "../messages";
import { Icon } from "./Icon";

/** What is known of one row, beside the list; the list keeps the keyboard. Over it where the window is narrow. */
export function Inspector({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const { t } = useMessages();
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (window.matchMedia("(max-width: 720px)").matches) box.current?.focus();
  }, []);
  return (
    <aside className="inspector" aria-label={title} ref={box} tabIndex={-1} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <header>
        <h2>{title}</h2>
        <ActionIcon variant="subtle" color="gray" aria-label={t("app.close")} onClick={onClose}>
          <Icon name="close" />
        </ActionIcon>
      </header>
      {children}
    </aside>
  );
}

/** Names and values; values that are empty are left out. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== null && value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
