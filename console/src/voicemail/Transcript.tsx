import { VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState, type KeyboardEvent } from "react";

import { api, body, type Schemas } from "../api/client";
import { useMessages } from "../messages";
import { Failure, Loading } from "../ui/States";

type Word = Schemas["WordView"];

/** The text of a message; each word plays its place in the sound, words that were hard to hear are underlined. */
export function Transcript({ message, at, active, onWord }: { message: string; at: number; active: boolean; onWord: (seconds: number) => void }) {
  const { t } = useMessages();
  const transcript = useQuery({
    queryKey: ["transcript", message],
    queryFn: () => body(api.GET("/api/v1/voicemails/{message}/transcript", { params: { path: { message } } })),
  });
  if (transcript.error) return <Failure error={transcript.error} onRetry={() => void transcript.refetch()} record={`voicemail:${message}`} />;
  if (transcript.data === undefined) return <Loading />;
  const { state, words, language } = transcript.data;
  if (state !== "done") return <p className="no-text">{t(`voicemail.${state}`)}</p>;
  return (
    <>
      <Words words={words} language={language} at={active ? at : -1} onWord={onWord} />
      <p className="quiet small">
        {words.some((word) => word.unsure) && <>{t("voicemail.unsure.note")} </>}
        {t("voicemail.word")} {t("voicemail.machine")}
      </p>
    </>
  );
}

function Words({ words, language, at, onWord }: { words: Word[]; language: string; at: number; onWord: (seconds: number) => void }) {
  const { t } = useMessages();
  const box = useRef<HTMLParagraphElement>(null);
  const [focused, setFocused] = useState(0);
  const spoken = words.findLastIndex((word) => word.start_s <= at);
  const onKey = (event: KeyboardEvent) => {
    const to = { ArrowRight: focused + 1, ArrowLeft: focused - 1, Home: 0, End: words.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(words.length - 1, to));
    setFocused(next);
    box.current?.querySelectorAll<HTMLElement>("button")[next]?.focus();
  };
  return (
    <p className="words phi" lang={language} ref={box} onKeyDown={onKey}>
      {words.map((word, index) => (
        <button
          key={index}
          type="button"
          className={`word${word.unsure ? " word-unsure" : ""}${index === spoken ? " word-spoken" : ""}`}
          tabIndex={index === focused ? 0 : -1}
          onFocus={() => setFocused(index)}
          onClick={() => onWord(word.start_s)}
        >
          {word.text}
          {word.unsure && <VisuallyHidden> ({t("voicemail.unsure")})</VisuallyHidden>}
        </button>
      ))}
    </p>
  );
}
