import { Button, Textarea } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

import { useMessages } from "../messages";
import { Dialog } from "./Dialog";
import { problemText } from "./problem";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What happens, in plain words. */
  children: ReactNode;
  button: string;
  danger?: boolean;
  /** The label of the field for the reason; without it there is none. */
  reason?: string;
  act: { mutate: (reason: string) => void; isPending: boolean; error: Error | null };
}

/** Asks before something that cannot simply be undone, with the reason where one is kept. */
export function Confirm({ opened, onClose, title, children, button, danger = false, reason, act }: Props) {
  const { t } = useMessages();
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate(text.trim());
  };
  return (
    <Dialog opened={opened} onClose={onClose} title={title} keep={text !== ""}>
      <form className="form" onSubmit={submit}>
        {children}
        {reason !== undefined && <Textarea data-autofocus label={reason} value={text} onChange={(event) => setText(event.currentTarget.value)} required withAsterisk={false} minLength={3} maxLength={500} rows={2} />}
        <p className="trouble" role="alert">{problemText(t, act.error)}</p>
        <div className="form-end">
          <Button variant="default" onClick={onClose}>{t("app.cancel")}</Button>
          <Button type="submit" color={danger ? "red" : "teal"} loading={act.isPending}>{button}</Button>
        </div>
      </form>
    </Dialog>
  );
}
