import { ActionIcon, Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type KeyboardEvent } from "react";
import { useLocation } from "wouter";

import { ApiError, api, body, type Schemas } from "../api/client";
import { useKeys } from "../app/keys";
import { useMessages } from "../messages";
import { Icon } from "../ui/Icon";
import { PartyText } from "../ui/Party";
import { Empty, Failure, Loading } from "../ui/States";
import { Ago, ago, clock, useNow } from "../ui/Time";
import { Player } from "./Player";
import { Transcript } from "./Transcript";
import { useVoicemails } from "./messages";
import { SPEEDS, useRecording } from "./player";

type Message = Schemas["VoicemailView"];

export function Voicemail({ id }: { id?: string | undefined }) {
  const { t } = useMessages();
  const [, go] = useLocation();
  const [show, setShow] = useState<"new" | "all">("all");
  const list = useVoicemails();
  if (list.error && list.data === undefined) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (list.data === undefined) return <Loading />;
  if (list.data.length === 0) return <Empty title={t("voicemail.empty")}>{t("voicemail.empty.hint")}</Empty>;
  const open = list.data.find((message) => message.id === id);
  const shown = list.data.filter((message) => show === "all" || message.listened_at === null || message.id === id);
  return (
    <div className={`page voicemail${id === undefined ? "" : " voicemail-open"}`}>
      <div className="voicemail-list">
        <header className="page-head">
          <h1>{t("voicemail.title")}</h1>
          <div className="speeds" role="radiogroup" aria-label={t("voicemail.show")}>
            {(["new", "all"] as const).map((value) => (
              <label key={value} className={value === show ? "speed speed-on" : "speed"}>
                <input type="radio" name="show" checked={value === show} onChange={() => setShow(value)} />
                {t(`voicemail.${value}`)}
              </label>
            ))}
          </div>
        </header>
        {shown.length === 0 ? (
          <Empty title={t("voicemail.empty.new")} action={{ text: t("voicemail.empty.new.button"), run: () => setShow("all") }} />
        ) : (
          <MessageList messages={shown} opened={id} onOpen={(message) => go(`/voicemail/${message.id}`)} />
        )}
      </div>
      <section className="voicemail-message" aria-label={t("voicemail.title")}>
        <h1 className="narrow-title">{t("voicemail.title")}</h1>
        {open !== undefined ? <OpenMessage key={open.id} message={open} onBack={() => go("/voicemail")} /> : <Empty title={t(id === undefined ? "voicemail.pick" : "voicemail.gone")} />}
      </section>
    </div>
  );
}

function MessageList({ messages, opened, onOpen }: { messages: Message[]; opened: string | undefined; onOpen: (message: Message) => void }) {
  const { t } = useMessages();
  const box = useRef<HTMLUListElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const buttons = [...(box.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[Math.max(0, Math.min(buttons.length - 1, to))]?.focus();
  };
  return (
    <ul className="messages" aria-label={t("voicemail.list")} ref={box} onKeyDown={onKey}>
      {messages.map((message) => (
        <li key={message.id}>
          <button type="button" className={message.listened_at === null ? "message message-new" : "message"} aria-current={message.id === opened ? "true" : undefined} onClick={() => onOpen(message)}>
            <span className="message-dot">{message.listened_at === null && <span className="dot" role="img" aria-label={t("voicemail.unheard")} />}</span>
            <PartyText party={message.caller} lines />
            <span className="message-side">
              <Ago at={message.received_at} />
              <span className="quiet">{message.mailbox.name} · <span className="number">{clock(message.duration_s)}</span></span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function OpenMessage({ message, onBack }: { message: Message; onBack: () => void }) {
  const { t, language } = useMessages();
  const queries = useQueryClient();
  const now = useNow(20_000);
  const mark = useMutation({
    mutationFn: () => body(api.POST("/api/v1/voicemails/{message}/listened", { params: { path: { message: message.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["voicemails"] }),
  });
  const unheard = message.listened_at === null;
  const markOnce = () => unheard && !mark.isPending && mark.mutate();
  const recording = useRecording(message.id, message.duration_s, markOnce);
  const faster = (step: number) => recording.setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(recording.speed as 1) + step))] ?? 1);
  useKeys({
    k: recording.toggle,
    j: () => recording.seek(recording.at - 5),
    l: () => recording.seek(recording.at + 5),
    "[": () => faster(-1),
    "]": () => faster(1),
    m: markOnce,
    Escape: onBack,
  });
  return (
    <>
      <header className="message-head">
        <ActionIcon className="narrow-only" variant="subtle" color="gray" size="lg" aria-label={t("app.back")} onClick={onBack}>
          <Icon name="back" />
        </ActionIcon>
        <h2><PartyText party={message.caller} lines /></h2>
        <p className="quiet"><Ago at={message.received_at} /> · {message.mailbox.name}</p>
        {unheard ? (
          <Button variant="default" loading={mark.isPending} onClick={markOnce} leftSection={<Icon name="check" />}>{t("voicemail.mark")}</Button>
        ) : (
          <span className="quiet heard"><Icon name="check" /> {t("voicemail.heard.at", { when: ago(message.listened_at ?? "", now, language) })}</span>
        )}
      </header>
      <Player recording={recording} />
      <Notices message={message} damaged={recording.damaged} error={recording.error ?? mark.error} />
      <h3>{t("voicemail.transcript")}</h3>
      <Transcript message={message.id} at={recording.at} active={recording.playing || recording.at > 0} onWord={(seconds) => recording.seek(seconds, true)} />
    </>
  );
}

function Notices({ message, damaged, error }: { message: Message; damaged: number; error: Error | null }) {
  const { t } = useMessages();
  const failed = error instanceof ApiError ? (error.problem.detail ?? error.problem.title) : error?.name === "NotSupportedError" ? t("voicemail.unplayable") : t("failure.network");
  return (
    <div role="status" className="notices">
      {!message.complete && <p className="note">{t("voicemail.incomplete")}</p>}
      {damaged > 0 && <p className="note">{t("voicemail.damaged", { count: damaged })}</p>}
      {error !== null && <p className="note trouble">{failed}</p>}
    </div>
  );
}
