/** A dense list (ARIA grid): only visible rows exist, one row takes the focus, Enter opens it. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode, type RefObject } from "react";

export interface Column<Row> {
  key: string;
  label: string;
  width: string;
  render: (row: Row) => ReactNode;
  /** Left out where the list is narrower than this, in px. */
  from?: number;
  align?: "end";
}

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  opened?: string | undefined;
  onOpen: (row: Row) => void;
  onClose?: () => void;
  /** Called when the end comes into sight. */
  onEnd?: () => void;
  rowClass?: (row: Row) => string;
}

const ROW_PX = 34;
const NARROW_ROW_PX = 52;
const NARROW_PX = 560;

export function Grid<Row>({ label, columns, rows, rowKey, opened, onOpen, onClose, onEnd, rowClass }: Props<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [at, setAt] = useState(0);
  const rowPx = width < NARROW_PX ? NARROW_ROW_PX : ROW_PX;
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => rowPx, overscan: 12, initialRect: { width: 800, height: 600 } });
  useEffect(() => virtual.measure(), [virtual, rowPx]);
  const shown = columns.filter((column) => width >= (column.from ?? 0));
  const template: CSSProperties = { gridTemplateColumns: shown.map((column) => column.width).join(" ") };
  const current = Math.min(at, Math.max(0, rows.length - 1));
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 5) onEnd?.();
  }, [last, rows.length, onEnd]);

  const focus = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    setAt(next);
    virtual.scrollToIndex(next);
    window.requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus());
    const row = rows[next];
    if (opened !== undefined && row !== undefined) onOpen(row);
  };
  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 600) / rowPx) - 2);
    const row = rows[current];
    const steps: Record<string, () => void> = {
      ArrowDown: () => focus(current + 1),
      ArrowUp: () => focus(current - 1),
      PageDown: () => focus(current + page),
      PageUp: () => focus(current - page),
      Home: () => focus(0),
      End: () => focus(rows.length - 1),
      Enter: () => row !== undefined && onOpen(row),
      Escape: () => onClose?.(),
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    step();
  };

  return (
    <div className="grid" role="grid" aria-label={label} aria-rowcount={rows.length + 1} onKeyDown={onKey}>
      <div role="rowgroup">
        <div className="grid-head" role="row" aria-rowindex={1} style={template}>
          {shown.map((column) => (
            <div key={column.key} role="columnheader" className={column.align === "end" ? "end" : undefined}>
              {column.label}
            </div>
          ))}
        </div>
      </div>
      <div className="grid-body" role="rowgroup" ref={box}>
        <div className="grid-all" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <div
                key={rowKey(row)}
                role="row"
                className={`grid-row ${rowClass?.(row) ?? ""}`}
                data-index={index}
                aria-rowindex={index + 2}
                aria-selected={opened === rowKey(row)}
                tabIndex={index === current ? 0 : -1}
                style={{ ...template, height: rowPx, transform: `translateY(${start}px)` }}
                onClick={() => {
                  setAt(index);
                  onOpen(row);
                }}
                onFocus={() => setAt(index)}
              >
                {shown.map((column) => (
                  <div key={column.key} role="gridcell" className={column.align === "end" ? "end" : undefined}>
                    {column.render(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(window.innerWidth);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
