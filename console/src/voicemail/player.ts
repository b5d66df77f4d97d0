/** One recording: fetched once when it is first wanted (each opening is an audit entry), played from memory, let go with the page. */
import { useCallback, useEffect, useRef, useState } from "react";

import { BACKGROUND, errorOf } from "../api/client";
import { shape } from "./wav";

export const SPEEDS = [0.75, 1, 1.25, 1.5, 2] as const;
const BARS = 96;

export interface Recording {
  peaks: number[] | null;
  damaged: number;
  playing: boolean;
  opening: boolean;
  at: number;
  seconds: number;
  speed: number;
  error: Error | null;
  toggle: () => void;
  seek: (seconds: number, play?: boolean) => void;
  setSpeed: (speed: number) => void;
}

interface Loaded {
  url: string;
  peaks: number[];
  seconds: number;
  damaged: number;
}

async function load(message: string): Promise<Loaded> {
  const response = await fetch(`/api/v1/voicemails/${encodeURIComponent(message)}/audio`, { headers: { [BACKGROUND]: "1" } });
  if (!response.ok) throw await errorOf(response);
  const damaged = (response.headers.get("X-Auricle-Damaged-Seconds") ?? "").split(",").filter((second) => second !== "").length;
  const file = await response.arrayBuffer();
  return { url: URL.createObjectURL(new Blob([file], { type: "audio/wav" })), damaged, ...shape(file, BARS) };
}

export function useRecording(message: string, told: number, onHeard: () => void): Recording {
  const audio = useRef<HTMLAudioElement>(null);
  const opened = useRef<Promise<Loaded>>(null);
  const heard = useRef(onHeard);
  heard.current = onHeard;
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [state, setState] = useState({ playing: false, opening: false, at: 0 });
  const [speed, setSpeedState] = useState(1);
  const [error, setError] = useState<Error | null>(null);

  useEffect(() => {
    const element = new Audio();
    audio.current = element;
    const note = () => setState((old) => ({ ...old, playing: !element.paused && !element.ended, at: element.currentTime }));
    const ended = () => heard.current();
    const events = ["play", "pause", "timeupdate", "seeked", "ended"] as const;
    events.forEach((name) => element.addEventListener(name, note));
    element.addEventListener("ended", ended);
    return () => {
      events.forEach((name) => element.removeEventListener(name, note));
      element.pause();
      element.removeAttribute("src");
      void opened.current?.then(({ url }) => URL.revokeObjectURL(url)).catch(() => undefined);
      opened.current = null;
    };
  }, [message]);

  useFrames(audio, state.playing, (at) => setState((old) => ({ ...old, at })));

  const open = useCallback(async (): Promise<HTMLAudioElement> => {
    const element = audio.current;
    if (element === null) throw new Error("closed");
    if (opened.current === null) {
      setState((old) => ({ ...old, opening: true }));
      setError(null);
      opened.current = load(message);
      opened.current.then(setLoaded, (reason: Error) => {
        setError(reason);
        opened.current = null;
      }).finally(() => setState((old) => ({ ...old, opening: false })));
    }
    const { url } = await opened.current;
    if (element.src !== url) element.src = url;
    return element;
  }, [message]);

  const act = useCallback(
    (what: (element: HTMLAudioElement) => void | Promise<void>) => {
      open().then(what).catch((reason: Error) => {
        if (reason.name === "NotSupportedError") setError(reason);
      });
    },
    [open],
  );
  return {
    peaks: loaded?.peaks ?? null,
    damaged: loaded?.damaged ?? 0,
    ...state,
    seconds: loaded?.seconds ?? told,
    speed,
    error,
    toggle: () => act((element) => (element.paused ? element.play() : element.pause())),
    seek: (seconds, play = false) =>
      act((element) => {
        const to = Math.max(0, Math.min(seconds, loaded?.seconds ?? told));
        element.currentTime = to;
        setState((old) => ({ ...old, at: to }));
        return play ? element.play() : undefined;
      }),
    setSpeed: (next) => {
      setSpeedState(next);
      if (audio.current === null) return;
      audio.current.defaultPlaybackRate = next;
      audio.current.playbackRate = next;
    },
  };
}

/** While it plays, tells the place at every frame: `timeupdate` comes only four times a second. */
function useFrames(audio: React.RefObject<HTMLAudioElement | null>, playing: boolean, tell: (at: number) => void): void {
  const latest = useRef(tell);
  latest.current = tell;
  useEffect(() => {
    if (!playing) return undefined;
    let frame = 0;
    const step = () => {
      if (audio.current !== null) latest.current(audio.current.currentTime);
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [audio, playing]);
}
