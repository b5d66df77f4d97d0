import { useEffect, useState } from "react";

import { serverNow } from "../api/client";
import { useMessages } from "../messages";

/** `1:04`, or `1:02:03` past an hour. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}` : `${m}:${String(s).padStart(2, "0")}`;
}

/** The server's time, renewed every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(serverNow()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** The exact time, in the language in use. */
export function exact(at: string, language: string): string {
  return new Date(at).toLocaleString(language, { dateStyle: "medium", timeStyle: "medium" });
}

/** Relative while it is recent, else day and time; the exact time on hover. */
export function Ago({ at }: { at: string }) {
  const { language } = useMessages();
  const now = useNow(20_000);
  return (
    <time dateTime={at} title={exact(at, language)}>
      {ago(at, now, language)}
    </time>
  );
}

export function ago(at: string, now: number, language: string): string {
  const when = new Date(at);
  const minutes = Math.round((when.getTime() - now) / 60_000);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  if (minutes > -1) return relative.format(0, "second");
  if (minutes > -60) return relative.format(minutes, "minute");
  const time = when.toLocaleTimeString(language, { hour: "numeric", minute: "2-digit" });
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return time;
  const day = days === 1 ? relative.format(-1, "day") : when.toLocaleDateString(language, { weekday: days < 7 ? "short" : undefined, month: "short", day: "numeric" });
  return `${day} ${time}`;
}

/** To the second; the day where it is not today's. */
export function Exactly({ at }: { at: string }) {
  const { language } = useMessages();
  const when = new Date(at);
  const today = when.toDateString() === new Date(serverNow()).toDateString();
  const day = today ? "" : `${when.toLocaleDateString(language, { month: "short", day: "numeric" })} `;
  return (
    <time className="number" dateTime={at} title={exact(at, language)}>
      {day + when.toLocaleTimeString(language, { timeStyle: "medium" })}
    </time>
  );
}

/** Time since, ticking. */
export function Running({ since }: { since: string }) {
  const now = useNow(1000);
  const seconds = (now - Date.parse(since)) / 1000;
  return <span className="number">{clock(seconds)}</span>;
}
