import { TextInput } from "@mantine/core";
import { useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { useMessages, type Translate } from "../messages";
import { roleText } from "../people/People";
import { Inspector } from "../ui/Inspector";
import { Empty, Failure, Loading } from "../ui/States";
import { useMatrix, type ActionOf, type Cell, type MatrixData } from "./matrix";

const SIGNS: Record<Cell["answer"], string> = { yes: "●", depends: "◐", no: "–" };

/** Role by action; a cell says yes, no, or that it depends, and the rules beside it say on what. */
export function Matrix() {
  const { t } = useMessages();
  const matrix = useMatrix();
  if (matrix.error && matrix.data === undefined) return <Failure error={matrix.error} onRetry={() => void matrix.refetch()} />;
  if (matrix.data === undefined) return <Loading />;
  return <Table matrix={matrix.data} t={t} />;
}

function Table({ matrix, t }: { matrix: MatrixData; t: Translate }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState<[number, number]>([0, 0]);
  const [opened, setOpened] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const cells = useMemo(() => new Map(matrix.cells.map((cell) => [`${cell.role} ${cell.action}`, cell])), [matrix]);
  const wanted = text.trim().toLowerCase();
  const actions = matrix.actions.filter((action) => `${action.id} ${action.about}`.toLowerCase().includes(wanted));
  const roles = matrix.roles;
  const row = Math.min(at[0], Math.max(0, actions.length - 1));
  const col = at[1];
  const go = (nextRow: number, nextCol: number) => {
    const to: [number, number] = [Math.max(0, Math.min(actions.length - 1, nextRow)), Math.max(0, Math.min(roles.length - 1, nextCol))];
    setAt(to);
    window.requestAnimationFrame(() => {
      const cell = box.current?.querySelector<HTMLElement>(`[data-cell="${to[0]}-${to[1]}"]`);
      cell?.focus({ preventScroll: true });
      cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  };
  const onKey = (event: KeyboardEvent) => {
    const steps: Record<string, () => void> = {
      ArrowDown: () => go(row + 1, col),
      ArrowUp: () => go(row - 1, col),
      ArrowRight: () => go(row, col + 1),
      ArrowLeft: () => go(row, col - 1),
      Home: () => go(row, 0),
      End: () => go(row, roles.length - 1),
      PageDown: () => go(row + 10, col),
      PageUp: () => go(row - 10, col),
      Enter: () => setOpened(true),
      " ": () => setOpened(true),
      Escape: () => setOpened(false),
    };
    const step = steps[event.key];
    if (step === undefined || !(event.target instanceof HTMLElement) || event.target.dataset["cell"] === undefined) return;
    event.preventDefault();
    step();
  };
  const role = roles[col];
  const action = actions[row];
  const cell = role && action ? cells.get(`${role.id} ${action.id}`) : undefined;
  return (
    <div className="page page-split">
      <header className="page-head">
        <h1>{t("page.matrix")}</h1>
        <TextInput data-filter value={text} onChange={(event) => setText(event.currentTarget.value)} placeholder={t("matrix.filter")} aria-label={t("matrix.filter")} className="filter" autoComplete="off" />
        <p className="quiet legend wide-only">
          {(["yes", "depends", "no"] as const).map((answer) => <span key={answer}><span className={`cell-${answer}`} aria-hidden="true">{SIGNS[answer]}</span> {t(`matrix.${answer}`)}</span>)}
        </p>
      </header>
      {actions.length === 0 ? (
        <Empty title={t("matrix.nothing")} action={{ text: t("matrix.all"), run: () => setText("") }} />
      ) : (
        <div className="matrix" ref={box} onKeyDown={onKey}>
          <table role="grid" aria-label={t("page.matrix")}>
            <thead>
              <tr>
                <th scope="col" className="matrix-corner">{t("matrix.action")}</th>
                {roles.map((each) => <th key={each.id} scope="col" title={each.about}><span>{roleText(t, each.id)}</span></th>)}
              </tr>
            </thead>
            <tbody>
              {actions.map((each, index) => (
                <Row key={each.id} action={each} first={index === 0 || actions[index - 1]?.group !== each.group} t={t}>
                  {roles.map((who, place) => {
                    const answer = cells.get(`${who.id} ${each.id}`)?.answer ?? "no";
                    const here = index === row && place === col;
                    return (
                      <td
                        key={who.id}
                        role="gridcell"
                        className={`cell cell-${answer}`}
                        data-cell={`${index}-${place}`}
                        tabIndex={here ? 0 : -1}
                        aria-selected={opened && here}
                        aria-label={`${roleText(t, who.id)}, ${each.about}: ${t(`matrix.${answer}`)}`}
                        onFocus={() => setAt([index, place])}
                        onClick={() => { setAt([index, place]); setOpened(true); }}
                      >
                        {SIGNS[answer]}
                      </td>
                    );
                  })}
                </Row>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {opened && role !== undefined && action !== undefined && (
        <Inspector title={t(`matrix.title.${cell?.answer ?? "no"}`)} onClose={() => setOpened(false)}>
          <p className="inspector-who">{roleText(t, role.id)}: {action.about}</p>
          <p className="quiet" lang="en">{role.about}</p>
          <h3>{t("matrix.rules")}</h3>
          {(cell?.rules.length ?? 0) === 0 ? <p>{t("matrix.no_rule")}</p> : <ul className="rules" lang="en">{cell?.rules.map((rule) => <li key={rule}>{rule}</li>)}</ul>}
          <p><code>{role.id}</code> <code>{action.id}</code></p>
        </Inspector>
      )}
    </div>
  );
}

function Row({ action, first, t, children }: { action: ActionOf; first: boolean; t: Translate; children: ReactNode }) {
  const key = `group.${action.group}` as Parameters<Translate>[0];
  return (
    <tr className={first ? "matrix-first" : undefined}>
      <th scope="row" title={`${t(key) === key ? action.group : t(key)} · ${action.id}`}>
        <span lang="en">{action.about}</span>
      </th>
      {children}
    </tr>
  );
}
