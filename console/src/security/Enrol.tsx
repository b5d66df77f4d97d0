import { Button } from "@mantine/core";

import { useMessages } from "../messages";
import "../messages/pages";
import { StepUp } from "../session/StepUp";
import type { Session } from "../session/session";
import { Mark } from "../ui/Icon";
import { problemText } from "../ui/problem";
import { Add } from "./Passkeys";
import { CodeList } from "./RecoveryCodes";
import { TotpSetup, useTotpSetup } from "./Totp";

/** The practice asks for a second factor and this person has none: nothing else is open until there is one. */
export function Enrol({ session, onDone, onOut }: { session: Session; onDone: () => void; onOut: () => void }) {
  const { t } = useMessages();
  const setup = useTotpSetup();
  const canPasskey = "PublicKeyCredential" in window && !/^[\d.]+$|:/.test(location.hostname);
  return (
    <main className="signin">
      <div className={setup.made === null ? "signin-card" : "signin-card signin-wide"}>
        <p className="signin-brand"><Mark /> {t("app.name")}</p>
        <h1>{t("enrol.title")}</h1>
        {setup.codes !== null ? (
          <CodeList codes={setup.codes} onDone={onDone} />
        ) : setup.made !== null ? (
          <TotpSetup made={setup.made} confirm={setup.confirm} onCancel={setup.finish} />
        ) : (
          <div className="form">
            <p>{t("enrol.text", { practice: session.practice })}</p>
            <p className="trouble" role="alert">{problemText(t, setup.begin.error)}</p>
            <Button loading={setup.begin.isPending} onClick={() => setup.begin.mutate()}>{t("totp.begin")}</Button>
            {canPasskey && <Add onDone={onDone} />}
          </div>
        )}
      </div>
      <button type="button" className="link" onClick={onOut}>{t("top.signout")}</button>
      <StepUp session={session} />
    </main>
  );
}
