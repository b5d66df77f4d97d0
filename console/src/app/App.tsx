import { Suspense, lazy, useEffect } from "react";

import { useMessages } from "../messages";
import { Kept } from "../session/Kept";
import { SignIn } from "../session/SignIn";
import { useSession } from "../session/session";
import { Failure, Loading } from "../ui/States";

const Shell = lazy(() => import("./Shell").then((module) => ({ default: module.Shell })));
const Enrol = lazy(() => import("../security/Enrol").then((module) => ({ default: module.Enrol })));

export function App() {
  const { t } = useMessages();
  const { session, locked, loading, failed, retry, enter, lockNow, signOut, forget, ending } = useSession();
  const shown = session ?? locked?.session ?? null;
  const practice = shown?.practice;
  useEffect(() => {
    document.title = practice === undefined ? t("app.name") : `${practice} · ${t("app.name")}`;
  }, [practice, t]);

  if (loading) return <Loading />;
  if (failed && shown === null) return <Failure error={failed} onRetry={() => void retry()} />;
  return (
    <>
      {session === null && <SignIn onEnter={enter} ending={ending} locked={locked} onForget={forget} />}
      {shown !== null && (
        <Kept key={shown.username} away={session === null}>
          <Suspense fallback={<Loading />}>
            {shown.must_enrol ? <Enrol session={shown} onDone={() => void retry()} onOut={() => void signOut()} /> : <Shell session={shown} away={session === null} lock={lockNow} signOut={signOut} />}
          </Suspense>
        </Kept>
      )}
    </>
  );
}
