import { Button, Checkbox } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, body } from "../api/client";
import { useMessages } from "../messages";
import { Confirm } from "../ui/Confirm";
import { CopyButton } from "./CopyButton";

/** How many are left, and making new ones. */
export function RecoveryCodes({ left }: { left: number }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const renew = useMutation({
    mutationFn: () => body(api.POST("/api/v1/me/recovery-codes")),
    onSuccess: (made) => {
      setAsking(false);
      setCodes(made.recovery_codes);
      return queries.invalidateQueries({ queryKey: ["me", "factors"] });
    },
  });
  return (
    <section className="card" aria-labelledby="recovery">
      <h2 id="recovery">{t("recovery.title")}</h2>
      {codes !== null ? (
        <CodeList codes={codes} onDone={() => setCodes(null)} />
      ) : (
        <>
          <p className={left < 3 ? "missed" : undefined}>{t("recovery.left", { count: left })} {left < 3 && t("recovery.few")}</p>
          <Button variant="default" onClick={() => setAsking(true)}>{t("recovery.new")}</Button>
        </>
      )}
      <Confirm opened={asking} onClose={() => setAsking(false)} title={t("recovery.new")} button={t("recovery.new")} act={{ mutate: () => renew.mutate(), isPending: renew.isPending, error: renew.error }}>
        <p>{t("recovery.new.text")}</p>
      </Confirm>
    </section>
  );
}

/** Shown this once: to be copied or printed before it goes away. */
export function CodeList({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { t } = useMessages();
  const [kept, setKept] = useState(false);
  return (
    <div className="form printed">
      <p><strong>{t("recovery.once")}</strong> {t("recovery.what")}</p>
      <ol className="recovery-codes" aria-label={t("recovery.title")}>
        {codes.map((code) => <li key={code}><code>{code}</code></li>)}
      </ol>
      <div className="form-start">
        <CopyButton text={codes.join("\n")} label={t("recovery.copy")} />
        <Button size="compact-sm" variant="default" onClick={() => window.print()}>{t("app.print")}</Button>
      </div>
      <Checkbox label={t("recovery.kept")} checked={kept} onChange={(event) => setKept(event.currentTarget.checked)} />
      <div className="form-start">
        <Button disabled={!kept} onClick={onDone}>{t("recovery.done")}</Button>
      </div>
    </div>
  );
}
