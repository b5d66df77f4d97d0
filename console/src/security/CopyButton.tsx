import { Button } from "@mantine/core";
import { useState } from "react";

import { useMessages } from "../messages";

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useMessages();
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    window.setTimeout(() => setDone(false), 3000);
  };
  return (
    <Button size="compact-sm" variant="default" onClick={() => void copy().catch(() => undefined)}>
      <span aria-live="polite">{done ? t("app.copied") : (label ?? t("app.copy"))}</span>
    </Button>
  );
}
