import { createContext, useContext, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";

const Host = createContext<HTMLElement | null>(null);

/** Where dialogs are put, so that they leave the document together with the page. */
export const useHost = (): HTMLElement | null => useContext(Host);

/**
 * Shows its children, or takes them out of the document while somebody else may be looking. They stay mounted:
 * what was typed, opened and scrolled to is there again afterwards.
 */
export function Kept({ away, children }: { away: boolean; children: ReactNode }) {
  const [host] = useState(() => Object.assign(document.createElement("div"), { className: "kept" }));
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (away) return undefined;
    place.current?.append(host);
    restore();
    return () => {
      restore = remember(host);
      host.remove();
    };
  }, [away, host]);
  return (
    <>
      <div className="kept-place" ref={place} />
      <Host value={host}>{createPortal(children, host)}</Host>
    </>
  );
}

let restore: () => void = () => undefined;

/** Scroll positions and focus are lost when an element leaves the document. */
function remember(host: HTMLElement): () => void {
  const scrolled = [...host.querySelectorAll("*")].filter((node) => node.scrollTop > 0 || node.scrollLeft > 0).map((node) => [node, node.scrollTop, node.scrollLeft] as const);
  const focused = host.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
  return () => {
    for (const [node, top, left] of scrolled) node.scrollTo({ top, left });
    focused?.focus();
    restore = () => undefined;
  };
}
