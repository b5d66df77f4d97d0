import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api } from "../api/client";
import { settle, useProofWanted } from "../api/step_up";
import { useMessages } from "../messages";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { useWait } from "../ui/wait";
import { signInTrouble } from "./SignIn";
import { stepUpByPasskey } from "./passkey";
import type { Session } from "./session";

/** After the key that closed it has done its round: the dialog below would take it for its own. */
const giveUp = () => void window.setTimeout(() => settle(false));

/** Asks for the password and the second factor again; the request that wanted it goes on afterwards. */
export function StepUp({ session }: { session: Session }) {
  const { t } = useMessages();
  const wanted = useProofWanted();
  return (
    <Dialog opened={wanted} onClose={giveUp} title={t("step.title")} size="sm" yOffset="12vh" keep over>
      <Proof session={session} />
    </Dialog>
  );
}

function Proof({ session }: { session: Session }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState("");
  const proven = () => {
    settle(true);
    void queries.invalidateQueries({ queryKey: ["session"] });
  };
  const byPassword = useMutation({
    mutationFn: () => api.POST("/api/v1/session/step-up", { body: { password, ...(totp === "" ? {} : { totp: totp.replace(/\s/g, "") }) } }),
    onSuccess: proven,
    onError: () => setTotp(""),
  });
  const byPasskey = useMutation({ mutationFn: stepUpByPasskey, onSuccess: proven });
  const wait = useWait(byPassword.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    byPassword.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <p>{t("step.text")}</p>
      <input type="text" name="username" autoComplete="username" value={session.username} readOnly hidden />
      <PasswordInput data-autofocus label={t("signin.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password" maxLength={256} required withAsterisk={false} visibilityToggleButtonProps={{ "aria-label": t("signin.reveal") }} />
      {session.second_factor !== "none" && (
        <TextInput label={t("second.totp")} value={totp} onChange={(event) => setTotp(event.currentTarget.value)} autoComplete="one-time-code" inputMode="numeric" maxLength={7} className="code" required={session.second_factor === "totp"} withAsterisk={false} />
      )}
      <p className="trouble" role="alert">
        {signInTrouble(t, byPassword.error, wait)}
        {byPasskey.error !== null && t("signin.passkey.none")}
      </p>
      <div className="form-end">
        {session.second_factor === "passkey" && (
          <Button variant="default" leftSection={<Icon name="key" />} loading={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
            {t("second.passkey")}
          </Button>
        )}
        <Button type="submit" loading={byPassword.isPending} disabled={wait > 0}>
          {t("step.button")}
        </Button>
      </div>
    </form>
  );
}
