import { Button, Loader } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";

import { ApiError } from "../api/client";
import { openBreakGlass } from "../break_glass/ask";
import { useMessages } from "../messages";
import { useMay, useSessionNow } from "../session/session";
import { Icon } from "./Icon";
import { problemText } from "./problem";

export function Loading() {
  const { t } = useMessages();
  return (
    <div className="state" role="status" aria-label={t("app.loading")}>
      <Loader size="sm" color="teal" />
    </div>
  );
}

/** An empty place teaches the next step, with one button at most. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: { text: string; run: () => void } }) {
  return (
    <div className="state">
      <p className="state-title">{title}</p>
      {children !== undefined && <p className="quiet">{children}</p>}
      {action !== undefined && (
        <Button variant="default" onClick={action.run}>
          {action.text}
        </Button>
      )}
    </div>
  );
}

/** What happened, what was kept, what to do. `record` names the one record it is about (`voicemail:ID`). */
export function Failure({ error, onRetry, record = "" }: { error: Error; onRetry: () => void; record?: string }) {
  const { t } = useMessages();
  const ours = error instanceof ApiError ? error : null;
  const forbidden = ours?.status === 403;
  return (
    <div className="state" role="alert">
      <p className="state-title">{forbidden ? t("failure.forbidden.title") : (ours?.problem.title ?? t("failure.title"))}</p>
      <p lang={forbidden ? "en" : undefined}>{problemText(t, error)}</p>
      <p className="quiet">
        {!forbidden && t("failure.kept")} {ours?.problem.request_id ? t("failure.id", { id: ours.problem.request_id }) : ""}
      </p>
      {ours?.problem.type === "compliance.agreement_missing" && <MayLink action="agreements.read" href="/compliance" text={t("failure.agreement")} />}
      {ours?.problem.type === "access.not_permitted" && <BreakGlassButton record={record} />}
      {(!forbidden || ours?.problem.type?.endsWith("step_up_needed")) && (
        <Button variant="default" onClick={onRetry}>
          {t("failure.retry")}
        </Button>
      )}
    </div>
  );
}

function MayLink({ action, href, text }: { action: string; href: string; text: string }) {
  return useMay(action) ? <Link href={href}>{text}</Link> : null;
}

/** The way to emergency access, for those who may take it and have not. */
export function BreakGlassButton({ record = "" }: { record?: string }) {
  const { t } = useMessages();
  const session = useSessionNow();
  if (session === null || session.break_glass !== null || !session.permissions.includes("break-glass.use")) return null;
  return (
    <Button variant="default" leftSection={<Icon name="glass" />} onClick={() => openBreakGlass(record)}>
      {t("break.button")}
    </Button>
  );
}
