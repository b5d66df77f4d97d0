import { ActionIcon, Loader } from "@mantine/core";
import { useRef, type KeyboardEvent, type PointerEvent } from "react";

import { useMessages } from "../messages";
import { Icon } from "../ui/Icon";
import { clock } from "../ui/Time";
import { SPEEDS, type Recording } from "./player";

export function Player({ recording }: { recording: Recording }) {
  const { t } = useMessages();
  const { playing, opening, speed } = recording;
  return (
    <div className="player">
      <ActionIcon size={40} radius="xl" variant="filled" aria-label={t(playing ? "voicemail.pause" : "voicemail.play")} onClick={recording.toggle}>
        {opening ? <Loader size={16} color="currentColor" aria-label={t("voicemail.loading")} /> : <Icon name={playing ? "pause" : "play"} />}
      </ActionIcon>
      <Waveform recording={recording} />
      <span className="number player-time">
        {clock(recording.at)} / {clock(recording.seconds)}
      </span>
      <div className="speeds" role="radiogroup" aria-label={t("voicemail.speed")}>
        {SPEEDS.map((value) => (
          <label key={value} className={value === speed ? "speed speed-on" : "speed"}>
            <input type="radio" name="speed" value={value} checked={value === speed} onChange={() => recording.setSpeed(value)} />
            {value}×
          </label>
        ))}
      </div>
    </div>
  );
}

const FLAT = Array.from({ length: 96 }, () => 0);

/** The waveform is the seek bar (ARIA slider). */
function Waveform({ recording }: { recording: Recording }) {
  const { t } = useMessages();
  const box = useRef<HTMLDivElement>(null);
  const { at, seconds, seek } = recording;
  const peaks = recording.peaks ?? FLAT;
  const done = seconds > 0 ? at / seconds : 0;
  const toPointer = (event: PointerEvent) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    seek(((event.clientX - left) / width) * seconds);
  };
  const onKey = (event: KeyboardEvent) => {
    const to = { ArrowLeft: at - 5, ArrowDown: at - 5, ArrowRight: at + 5, ArrowUp: at + 5, PageDown: at - 15, PageUp: at + 15, Home: 0, End: seconds }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    seek(to);
  };
  return (
    <div
      ref={box}
      className="waveform"
      role="slider"
      tabIndex={0}
      aria-label={t("voicemail.seek")}
      aria-valuemin={0}
      aria-valuemax={Math.round(seconds)}
      aria-valuenow={Math.round(at)}
      aria-valuetext={t("voicemail.at", { at: clock(at), total: clock(seconds) })}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        toPointer(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && toPointer(event)}
    >
      <svg viewBox={`0 0 ${peaks.length * 4} 40`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
        {peaks.map((peak, index) => {
          const height = Math.max(2, peak * 38);
          return <rect key={index} className={(index + 0.5) / peaks.length <= done ? "bar bar-done" : "bar"} x={index * 4 + 0.5} y={20 - height / 2} width="3" height={height} rx="1" />;
        })}
      </svg>
      <span className="waveform-at" style={{ left: `${done * 100}%` }} />
    </div>
  );
}
