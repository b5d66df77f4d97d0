import { Button, Loader } from "@mantine/core";
import type { ReactNode } from "react";

import { ApiError } from "../api/client";
import { useMessages } from "../messages";

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

/** What happened, what was kept, what to do. */
export function Failure({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useMessages();
  const ours = error instanceof ApiError ? error : null;
  const forbidden = ours?.status === 403;
  const detail = ours === null ? t("failure.network") : forbidden ? t("failure.forbidden") : (ours.problem.detail ?? t("failure.network"));
  return (
    <div className="state" role="alert">
      <p className="state-title">{(forbidden ? undefined : ours?.problem.title) ?? t("failure.title")}</p>
      <p>{detail}</p>
      <p className="quiet">
        {t("failure.kept")} {ours?.problem.request_id ? t("failure.id", { id: ours.problem.request_id }) : ""}
      </p>
      {!forbidden && (
        <Button variant="default" onClick={onRetry}>
          {t("failure.retry")}
        </Button>
      )}
    </div>
  );
}
