import { Suspense, lazy, useEffect } from "react";

import { useMessages } from "../messages";
import { SignIn } from "../session/SignIn";
import { useSession } from "../session/session";
import { Failure, Loading } from "../ui/States";

const Shell = lazy(() => import("./Shell").then((module) => ({ default: module.Shell })));

export function App() {
  const { t } = useMessages();
  const { session, loading, failed, retry, signIn, signOut, ending } = useSession();
  const practice = session?.practice;
  useEffect(() => {
    document.title = practice === undefined ? t("app.name") : `${practice} · ${t("app.name")}`;
  }, [practice, t]);

  if (loading) return <Loading />;
  if (failed) return <Failure error={failed} onRetry={() => void retry()} />;
  if (session === null) return <SignIn signIn={signIn} ending={ending} />;
  return (
    <Suspense fallback={<Loading />}>
      <Shell session={session} signOut={signOut} />
    </Suspense>
  );
}
