import { Button, PasswordInput, TextInput } from "@mantine/core";
import type { UseMutationResult } from "@tanstack/react-query";
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from "react";

import { ApiError } from "../api/client";
import { useMessages, type Translate } from "../messages";
import { Mark } from "../ui/Icon";
import type { Ending, Session } from "./session";

type SignInMutation = UseMutationResult<Session, Error, { username: string; password: string }>;

export function SignIn({ signIn, ending }: { signIn: SignInMutation; ending: Ending }) {
  const { t, language, setLanguage } = useMessages();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [capsLock, setCapsLock] = useState(false);
  const wait = useWait(signIn.error);
  const field = useRef<HTMLInputElement>(null);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate(
      { username: username.trim(), password },
      {
        onError: () => {
          setPassword("");
          field.current?.focus();
        },
      },
    );
  };
  const onKey = (event: KeyboardEvent) => setCapsLock(event.getModifierState("CapsLock"));
  const trouble = problemText(signIn.error, wait, t);
  return (
    <main className="signin">
      <form className="signin-card" onSubmit={submit}>
        <p className="signin-brand">
          <Mark /> {t("app.name")}
        </p>
        <h1>{t("signin.title")}</h1>
        {ending !== null && signIn.error === null && <p className="note">{t(ending === "ended" ? "signin.ended" : "signin.out")}</p>}
        <TextInput label={t("signin.username")} value={username} onChange={(event) => setUsername(event.currentTarget.value)} autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={64} required withAsterisk={false} autoFocus size="md" />
        <PasswordInput ref={field} label={t("signin.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} onKeyUp={onKey} autoComplete="current-password" maxLength={256} required withAsterisk={false} size="md" description={capsLock ? t("signin.capslock") : undefined} />
        <p className="trouble" role="alert">
          {trouble}
        </p>
        <Button type="submit" size="md" fullWidth loading={signIn.isPending} disabled={wait > 0}>
          {t("signin.button")}
        </Button>
      </form>
      <button type="button" className="link" lang={language === "en" ? "es" : "en"} onClick={() => setLanguage(language === "en" ? "es" : "en")}>
        {t("top.language")}
      </button>
    </main>
  );
}

/** Seconds until the server takes another try. */
function useWait(error: Error | null): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const wait = error instanceof ApiError ? error.retryAfterS : 0;
    setLeft(wait);
    if (wait <= 0) return undefined;
    const timer = window.setInterval(() => setLeft((before) => Math.max(0, before - 1)), 1000);
    return () => window.clearInterval(timer);
  }, [error]);
  return left;
}

function problemText(error: Error | null, wait: number, t: Translate): string {
  if (error === null) return "";
  if (!(error instanceof ApiError)) return t("failure.network");
  if (error.status === 429) return wait > 0 ? t("signin.wait", { count: wait }) : "";
  return error.status === 401 ? t("signin.wrong") : (error.problem.detail ?? t("failure.network"));
}
