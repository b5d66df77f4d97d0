import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body, type Out } from "../api/client";
import { useMessages } from "../messages";
import { Confirm } from "../ui/Confirm";
import { problemText } from "../ui/problem";
import { CopyButton } from "./CopyButton";
import { CodeList } from "./RecoveryCodes";
import { QrCode } from "./QrCode";

type Factors = Out<"/api/v1/me/second-factors">;
type NewTotp = Out<"/api/v1/me/totp", "post">;

/** The authenticator app: whether there is one, setting it up, removing it. */
export function Totp({ factors }: { factors: Factors }) {
  const { t, language } = useMessages();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const setup = useTotpSetup();
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/v1/me/totp"),
    onSuccess: () => {
      setAsking(false);
      return queries.invalidateQueries({ queryKey: ["me"] });
    },
  });
  return (
    <section className="card" aria-labelledby="totp">
      <h2 id="totp">{t("totp.title")}</h2>
      {setup.codes !== null ? (
        <CodeList codes={setup.codes} onDone={setup.finish} />
      ) : setup.made !== null ? (
        <TotpSetup made={setup.made} confirm={setup.confirm} onCancel={setup.finish} />
      ) : factors.totp ? (
        <>
          <p className="fine">{t("totp.on", { date: factors.totp_since === null ? "" : new Date(factors.totp_since).toLocaleDateString(language, { dateStyle: "medium" }) })}</p>
          <Button variant="default" onClick={() => setAsking(true)}>{t("totp.remove")}</Button>
        </>
      ) : (
        <>
          <p>{t(factors.required ? "totp.required" : "totp.off")}</p>
          <p className="trouble" role="alert">{problemText(t, setup.begin.error)}</p>
          <Button loading={setup.begin.isPending} onClick={() => setup.begin.mutate()}>{t("totp.begin")}</Button>
        </>
      )}
      <Confirm opened={asking} onClose={() => setAsking(false)} title={t("totp.remove")} button={t("totp.remove")} danger act={{ mutate: () => remove.mutate(), isPending: remove.isPending, error: remove.error }}>
        <p>{t("totp.remove.text")}</p>
      </Confirm>
    </section>
  );
}

/** The steps of setting up: a secret, the first code, the recovery codes. */
export function useTotpSetup() {
  const queries = useQueryClient();
  const [made, setMade] = useState<NewTotp | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const begin = useMutation({ mutationFn: () => body(api.POST("/api/v1/me/totp")), onSuccess: setMade });
  const confirm = useMutation({ mutationFn: (code: string) => body(api.POST("/api/v1/me/totp/confirm", { body: { code } })), onSuccess: (answer) => setCodes(answer.recovery_codes) });
  const finish = () => {
    setMade(null);
    setCodes(null);
    confirm.reset();
    void queries.invalidateQueries({ queryKey: ["me"] });
  };
  return { made, codes, begin, confirm, finish };
}

export function TotpSetup({ made, confirm, onCancel }: { made: NewTotp; confirm: ReturnType<typeof useTotpSetup>["confirm"]; onCancel: () => void }) {
  const { t } = useMessages();
  const [code, setCode] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate(code.replace(/\s/g, ""), { onError: () => setCode("") });
  };
  return (
    <form className="totp" onSubmit={submit}>
      <QrCode text={made.uri} label={t("totp.qr")} />
      <div className="form">
        <p>{t("totp.scan")}</p>
        <p>
          {t("totp.type")}<br />
          <code className="secret">{made.secret.replace(/(.{4})/g, "$1 ").trim()}</code> <CopyButton text={made.secret} />
        </p>
        <TextInput label={t("totp.code")} value={code} onChange={(event) => setCode(event.currentTarget.value)} autoComplete="one-time-code" inputMode="numeric" maxLength={7} required withAsterisk={false} autoFocus className="code" />
        <p className="trouble" role="alert">{problemText(t, confirm.error)}</p>
        <div className="form-end">
          <Button variant="default" onClick={onCancel}>{t("app.cancel")}</Button>
          <Button type="submit" loading={confirm.isPending}>{t("totp.confirm")}</Button>
        </div>
      </div>
    </form>
  );
}
