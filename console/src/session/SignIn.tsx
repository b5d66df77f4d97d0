import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Suspense, lazy, useEffect, useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode } from "react";

import { ApiError, api, body, type Out } from "../api/client";
import { useMessages, type Translate } from "../messages";
import { Icon, Mark } from "../ui/Icon";
import { problemText } from "../ui/problem";
import { useWait } from "../ui/wait";
import type { Ending, Locked, Session } from "./session";

const SecondStep = lazy(() => import("./SecondStep").then((module) => ({ default: module.SecondStep })));
export type Ticket = Extract<Out<"/api/v1/session", "post">, { ticket: string }>;

interface Props {
  onEnter: (session: Session) => void;
  ending: Ending;
  /** Whose window this is, when it is only locked. */
  locked: Locked | null;
  onForget: () => void;
}

/** Signing in: password, then the second factor where there is one; a passkey or single sign-on does both at once. */
export function SignIn({ onEnter, ending, locked, onForget }: Props) {
  const { t, language, setLanguage } = useMessages();
  const [ticket, setTicket] = useState<Ticket | null>(null);
  const [again, setAgain] = useState("");
  return (
    <main className="signin">
      <div className="signin-card">
        <p className="signin-brand">
          <Mark /> {t("app.name")}
        </p>
        {locked !== null && <LockedWords locked={locked} />}
        {ticket !== null ? (
          <Suspense fallback={null}>
            <SecondStep ticket={ticket} onEnter={onEnter} onBack={(why) => { setTicket(null); setAgain(why); }} />
          </Suspense>
        ) : (
          <FirstStep known={locked?.session.username} note={again !== "" ? again : ending === "out" ? t("signin.out") : ""} onEnter={onEnter} onTicket={setTicket} title={locked === null ? <h1>{t("signin.title")}</h1> : null} apart={locked !== null} />
        )}
        {locked !== null && (
          <button type="button" className="link" onClick={onForget}>
            {t("lock.other", { name: locked.session.person.name })}
          </button>
        )}
      </div>
      <button type="button" className="link" lang={language === "en" ? "es" : "en"} onClick={() => setLanguage(language === "en" ? "es" : "en")}>
        {t("top.language")}
      </button>
    </main>
  );
}

function LockedWords({ locked }: { locked: Locked }) {
  const { t } = useMessages();
  return (
    <>
      <h1>
        <Icon name="lock" /> {t("lock.title")}
      </h1>
      <p>{t(`lock.why.${locked.why}`)} {t("lock.kept", { name: locked.session.person.name })}</p>
    </>
  );
}

interface First {
  known: string | undefined;
  note: string;
  title: ReactNode;
  apart: boolean;
  onEnter: (session: Session) => void;
  onTicket: (ticket: Ticket) => void;
}

function FirstStep({ known, note, title, apart, onEnter, onTicket }: First) {
  const { t } = useMessages();
  const [username, setUsername] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const [capsLock, setCapsLock] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const signIn = useMutation({
    mutationFn: () => body(api.POST("/api/v1/session", { body: { username: username.trim(), password } })),
    onSuccess: (answer) => ("ticket" in answer ? onTicket(answer) : onEnter(answer)),
    onError: () => {
      setPassword("");
      field.current?.focus();
    },
  });
  const wait = useWait(signIn.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  const onKey = (event: KeyboardEvent) => setCapsLock(event.getModifierState("CapsLock"));
  return (
    <>
      <form onSubmit={submit}>
        {title}
        {note !== "" && signIn.error === null && <p className="note">{note}</p>}
        <TextInput label={t("signin.username")} value={username} onChange={(event) => setUsername(event.currentTarget.value)} autoComplete="username webauthn" autoCapitalize="none" spellCheck={false} maxLength={64} required withAsterisk={false} autoFocus={known === undefined} size="md" />
        <PasswordInput ref={field} label={t("signin.password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} onKeyUp={onKey} autoComplete="current-password" maxLength={256} required withAsterisk={false} autoFocus={known !== undefined} size="md" description={capsLock ? t("signin.capslock") : undefined} visibilityToggleButtonProps={{ "aria-label": t("signin.reveal") }} />
        <p className="trouble" role="alert">
          {signInTrouble(t, signIn.error, wait)}
        </p>
        <Button type="submit" size="md" fullWidth loading={signIn.isPending} disabled={wait > 0}>
          {t("signin.button")}
        </Button>
      </form>
      <OtherWays onEnter={onEnter} apart={apart} />
    </>
  );
}

const HAS_PASSKEYS = "PublicKeyCredential" in window && !/^[\d.]+$|:/.test(location.hostname); // browsers give none to bare addresses

/** A passkey, and the practice's own sign-on. From a locked window the latter opens apart, so that the work stays here. */
function OtherWays({ onEnter, apart }: { onEnter: (session: Session) => void; apart: boolean }) {
  const { t } = useMessages();
  const sso = useQuery({ queryKey: ["sso"], queryFn: () => body(api.GET("/api/v1/sso")), staleTime: Infinity, retry: false });
  const providers = sso.data?.providers ?? [];
  const passkey = useMutation({
    mutationFn: async () => (await import("./passkey")).signInByPasskey(false),
    onSuccess: onEnter,
  });
  const enter = useRef(onEnter);
  enter.current = onEnter;
  useEffect(() => {
    if (!HAS_PASSKEYS || localStorage.getItem("auricle-passkey") === null) return undefined;
    const ways = import("./passkey");
    ways.then((way) => way.signInByPasskey(true)).then((session) => enter.current(session), () => undefined); // the button tells of trouble
    return () => void ways.then((way) => way.stopWaiting());
  }, []);
  if (!HAS_PASSKEYS && providers.length === 0) return null;
  const givenUp = passkey.error?.name === "NotAllowedError" || passkey.error?.name === "AbortError";
  return (
    <div className="signin-other">
      <p className="signin-or">{t("signin.or")}</p>
      {HAS_PASSKEYS && (
        <Button variant="default" fullWidth loading={passkey.isPending} leftSection={<Icon name="key" />} onClick={() => passkey.mutate()}>
          {t("signin.passkey")}
        </Button>
      )}
      {passkey.error !== null && (
        <p className="trouble" role="alert">
          {givenUp ? t("signin.passkey.none") : passkeyTrouble(t, passkey.error)}
        </p>
      )}
      {providers.map((provider) => (
        <Button key={provider.id} component="a" variant="default" fullWidth href={`/api/v1/session/sso/${encodeURIComponent(provider.id)}/start`} {...(apart ? { target: "_blank" } : {})}>
          {t("signin.sso", { name: provider.name })}
        </Button>
      ))}
    </div>
  );
}

const passkeyTrouble = (t: Translate, error: Error): string => (error instanceof ApiError ? problemText(t, error) : t("signin.passkey.failed"));

/** A wait that is counted down, or what was wrong. */
export function signInTrouble(t: Translate, error: Error | null, wait: number): string {
  if (error instanceof ApiError && error.status === 429) return wait > 0 ? t("signin.wait", { count: wait }) : "";
  return problemText(t, error);
}
