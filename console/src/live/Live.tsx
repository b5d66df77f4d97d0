import { Link } from "wouter";

import type { Schemas } from "../api/client";
import { useLive } from "../api/live";
import { useMessages, type Translate } from "../messages";
import { PartyText } from "../ui/Party";
import { Protection } from "../ui/Protection";
import { Empty, Failure, Loading } from "../ui/States";
import { Running, clock, useNow } from "../ui/Time";
import { useVoicemails } from "../voicemail/messages";

type Call = Schemas["LiveCallView"];

const isTalking = (call: Call): boolean => call.answered_at !== null && call.step === "talking";

export function Live({ permissions }: { permissions: readonly string[] }) {
  const { t } = useMessages();
  const live = useLive();
  if (live.error && live.data === undefined) return <Failure error={live.error} onRetry={() => void live.refetch()} />;
  if (live.data === undefined) return <Loading />;
  const calls = live.data.calls;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("live.title")}</h1>
      </header>
      <Tiles calls={calls} voicemail={permissions.includes("voicemail.list")} />
      {calls.length === 0 ? (
        <Empty title={t("live.empty")}>{t("live.empty.hint")}</Empty>
      ) : (
        <table className="live">
          <thead>
            <tr>
              <th scope="col">{t("live.caller")}</th>
              <th scope="col">{t("live.now")}</th>
              <th scope="col">{t("live.protection")}</th>
              <th scope="col" className="end">{t("live.duration")}</th>
            </tr>
          </thead>
          <tbody>
            {calls.map((call) => (
              <tr key={call.id} className={isTalking(call) ? undefined : "live-waits"}>
                <td><PartyText party={call.caller} lines /></td>
                <td>{now(call, t)}</td>
                <td><Protection level={call.protection} /></td>
                <td className="end"><Running since={isTalking(call) && call.answered_at !== null ? call.answered_at : call.started_at} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Tiles({ calls, voicemail }: { calls: Call[]; voicemail: boolean }) {
  const { t } = useMessages();
  const nowMs = useNow(1000);
  const messages = useVoicemails(voicemail);
  const waiting = calls.filter((call) => !isTalking(call));
  const longest = waiting.length === 0 ? "–" : clock(Math.max(...waiting.map((call) => (nowMs - Date.parse(call.started_at)) / 1000)));
  const fresh = messages.data?.filter((message) => message.listened_at === null).length ?? 0;
  return (
    <dl className="tiles">
      <div><dt>{t("live.on_line")}</dt><dd>{calls.length}</dd></div>
      <div><dt>{t("live.waiting")}</dt><dd>{waiting.length}</dd></div>
      <div><dt>{t("live.longest")}</dt><dd>{longest}</dd></div>
      {voicemail && <div><dt>{t("live.new_voicemail")}</dt><dd><Link href="/voicemail">{fresh}</Link></dd></div>}
    </dl>
  );
}

/** What happens on the call, in words. */
function now(call: Call, t: Translate): string {
  const people = call.people.map((person) => person.name).join(", ");
  if (isTalking(call)) return people === "" ? t("live.talking.nobody") : t("live.talking", { people });
  if (people !== "") return t("live.ringing", { people });
  return t("live.step", { step: call.step.replaceAll("_", " ") });
}
