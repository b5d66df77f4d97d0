/** The console's few icons, drawn on a 24 grid; decoration only, the words stand beside them. */
const PATHS = {
  live: "M4 12a8 8 0 0 1 16 0M7.5 12a4.5 4.5 0 0 1 9 0M12 12v8M9.5 20h5",
  calls: "M5 4h4l1.5 4.5L8 10.5a12 12 0 0 0 5.5 5.5l2-2.5L20 15v4a1.5 1.5 0 0 1-1.6 1.5A16 16 0 0 1 3.5 5.6 1.5 1.5 0 0 1 5 4",
  voicemail: "M6.5 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8m11 0a4 4 0 1 0 0-8 4 4 0 0 0 0 8M6.5 16h11",
  audit: "M7 3h8l4 4v14H7zM14.5 3v4.5H19M10 12h6M10 16h6",
  system: "M4 5h16v5H4zM4 14h16v5H4zM7.5 7.5h.01M7.5 16.5h.01",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13M15.5 15.5 20 20",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
  "eye-off": "M4 4l16 16M9.5 6A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-3 3.7M6 7.5A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 3.5-.7M10 10a3 3 0 0 0 4 4",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M17.5 10h.01M8 14h8",
  out: "M14 4h5v16h-5M4 12h10M10.5 8l4 4-4 4",
  warning: "M12 4 2.5 20h19zM12 10v4.5M12 17.3h.01",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  check: "M5 12.5 10 17.5 19.5 7",
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
  shield: "M12 3 5 6v5.5c0 4.5 3 7.5 7 9.5 4-2 7-5 7-9.5V6zM9 12l2.2 2.2L15.2 10",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  half: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17M12 3.5v17M12 7h4M12 10.5h6M12 14h6M12 17.5h4",
  key: "M8 16.5a4.5 4.5 0 1 1 3.2-7.7L20 8.8v3.4h-2.4v2.4h-3v-2.4h-2.3A4.5 4.5 0 0 1 8 16.5M7.5 12h.01",
  people: "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c0-3.6 2.9-5.8 6.5-5.8s6.5 2.2 6.5 5.8M16 11a3 3 0 1 0-1.3-5.7M17.5 14.4c2.4.6 4 2.5 4 5.2",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.5 20.5c0-3.9 3.3-6.3 7.5-6.3s7.5 2.4 7.5 6.3",
  glass: "M4 4h16v16H4zM12 4l-2 5 3.5 2.5-2 3.5L14 20M10 9l-6 2M13.5 11.5 20 10",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4",
  hidden: "M3.5 12h17M7 8.5h10M7 15.5h10",
  open: "M6 11h12v9H6zM8.5 11V7a3.5 3.5 0 0 1 6.7-1.4M12 14.5v2",
} as const;

export type IconName = keyof typeof PATHS;
const SOLID = new Set<IconName>(["play", "pause"]);

export function Icon({ name }: { name: IconName }) {
  const solid = SOLID.has(name);
  return (
    <svg className="icon" viewBox="0 0 24 24" width="18" height="18" fill={solid ? "currentColor" : "none"} stroke={solid ? "none" : "currentColor"} strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The product's sign. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" />
      <path d="M11 21.5c0 3 4.6 3.5 5.7 1.1.8-1.8-.2-3 1.6-4.7 1.7-1.6 3.2-3 3.2-5.9a5.9 5.9 0 0 0-11.8 0m3.1.2a2.8 2.8 0 0 1 5.6 0c0 1.7-1.5 2.2-1.5 3.7" />
    </svg>
  );
}
