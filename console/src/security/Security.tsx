import { useQuery } from "@tanstack/react-query";

import { api, body } from "../api/client";
import { useMessages } from "../messages";
import { useSessionNow } from "../session/session";
import { Failure, Loading } from "../ui/States";
import { MySessions } from "./MySessions";
import { NewAddresses } from "./NewAddresses";
import { Passkeys } from "./Passkeys";
import { Password } from "./Password";
import { RecoveryCodes } from "./RecoveryCodes";
import { Totp } from "./Totp";

export const useFactors = () => useQuery({ queryKey: ["me", "factors"], queryFn: () => body(api.GET("/api/v1/me/second-factors")) });

/** One's own password, second factors and sessions. */
export function Security() {
  const { t } = useMessages();
  const session = useSessionNow();
  const factors = useFactors();
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.security")}</h1>
        {session !== null && <span className="quiet">{session.person.name} · {session.username}</span>}
      </header>
      <div className="cards cards-wide">
        {(session?.new_addresses.length ?? 0) > 0 && <NewAddresses addresses={session?.new_addresses ?? []} />}
        {factors.error && <Failure error={factors.error} onRetry={() => void factors.refetch()} />}
        {factors.data === undefined && !factors.error && <Loading />}
        {factors.data !== undefined && (
          <>
            <Totp factors={factors.data} />
            {factors.data.totp && <RecoveryCodes left={factors.data.recovery_codes_left} />}
          </>
        )}
        <Passkeys />
        <Password />
        <MySessions />
      </div>
    </div>
  );
}
