import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState, type FormEvent } from "react";

import { ApiError, api, body } from "../api/client";
import { useMessages } from "../messages";
import { Icon } from "../ui/Icon";
import { useWait } from "../ui/wait";
import { signInTrouble, type Ticket } from "./SignIn";
import { signInByPasskey } from "./passkey";
import type { Session } from "./session";

interface Props {
  ticket: Ticket;
  onEnter: (session: Session) => void;
  onBack: (why: string) => void;
}

/** The second factor: a code of the app, a recovery code, or a passkey. */
export function SecondStep({ ticket, onEnter, onBack }: Props) {
  const { t } = useMessages();
  const [way, setWay] = useState<"totp" | "recovery-code">(ticket.methods.includes("totp") ? "totp" : "recovery-code");
  const [code, setCode] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const totp = way === "totp";
  const send = useMutation({
    mutationFn: (given: string) => body(api.POST("/api/v1/session/second-factor", { body: { ticket: ticket.ticket, ...(totp ? { totp: given } : { recovery_code: given }) } })),
    onSuccess: onEnter,
    onError: (error) => {
      if (error instanceof ApiError && error.problem.type === "session.ticket_over") onBack(t("second.late"));
      setCode("");
      field.current?.focus();
    },
  });
  const passkey = useMutation({ mutationFn: () => signInByPasskey(false), onSuccess: onEnter });
  const wait = useWait(send.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate(code.replace(/\s/g, ""));
  };
  const change = (text: string) => {
    setCode(text);
    if (totp && /^\d{6}$/.test(text.replace(/\s/g, "")) && wait === 0) send.mutate(text.replace(/\s/g, ""));
  };
  const codes = ticket.methods.includes("totp") || ticket.methods.includes("recovery-code");
  return (
    <>
      <form onSubmit={submit}>
        <h1>{t("second.title")}</h1>
        {codes && (
          <>
            <TextInput
              key={way}
              ref={field}
              label={t(totp ? "second.totp" : "second.recovery")}
              description={t(totp ? "second.totp.hint" : "second.recovery.hint")}
              value={code}
              onChange={(event) => change(event.currentTarget.value)}
              autoComplete={totp ? "one-time-code" : "off"}
              inputMode={totp ? "numeric" : "text"}
              maxLength={totp ? 7 : 40}
              spellCheck={false}
              autoCapitalize="none"
              required
              withAsterisk={false}
              autoFocus
              size="md"
              className="code"
            />
            <p className="trouble" role="alert">
              {signInTrouble(t, send.error, wait)}
            </p>
            <Button type="submit" size="md" fullWidth loading={send.isPending} disabled={wait > 0}>
              {t("second.button")}
            </Button>
          </>
        )}
      </form>
      {ticket.methods.includes("passkey") && (
        <Button variant={codes ? "default" : "filled"} fullWidth leftSection={<Icon name="key" />} loading={passkey.isPending} onClick={() => passkey.mutate()}>
          {t("second.passkey")}
        </Button>
      )}
      {passkey.error !== null && <p className="trouble" role="alert">{t("signin.passkey.none")}</p>}
      <div className="signin-links">
        {ticket.methods.includes("recovery-code") && ticket.methods.includes("totp") && (
          <button type="button" className="link" onClick={() => { setWay(totp ? "recovery-code" : "totp"); setCode(""); send.reset(); }}>
            {t(totp ? "second.use.recovery" : "second.use.totp")}
          </button>
        )}
        <button type="button" className="link" onClick={() => onBack("")}>
          {t("second.back")}
        </button>
      </div>
    </>
  );
}
