import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";

import { api } from "../api/client";
import { useMessages } from "../messages";
import type { Session } from "../session/session";
import { Icon } from "../ui/Icon";
import { clock, useNow } from "../ui/Time";
import { problemText } from "../ui/problem";
import { useBreakGlasses } from "./uses";

/** While the glass is broken: how long it still is, and the way to end it. */
export function BreakGlassBanner({ session }: { session: Session }) {
  return session.break_glass === null ? null : <Running key={session.break_glass.id} until={session.break_glass.until} />;
}

function Running({ until }: { until: string }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const left = (Date.parse(until) - useNow(1000)) / 1000;
  const over = left <= 0;
  useEffect(() => {
    if (over) void queries.invalidateQueries(); // what was open is refused again, and leaves the page
  }, [over, queries]);
  const end = useMutation({ mutationFn: () => api.DELETE("/api/v1/break-glass/current"), onSuccess: () => queries.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" }).then(() => queries.invalidateQueries({ queryKey: ["session"] })) });
  return (
    <div className="banner banner-glass" role="status">
      <Icon name="glass" />
      <span>
        <strong>{t("break.on")}</strong> {t("break.on.text")} <span className="number" aria-hidden="true">{t("break.left", { time: clock(left) })}</span> {problemText(t, end.error)}
      </span>
      <Button size="compact-sm" color="red" loading={end.isPending} onClick={() => end.mutate()}>{t("break.end")}</Button>
    </div>
  );
}

/** Tells the privacy officer at once that somebody else has broken the glass. */
export function BreakGlassNotice({ session }: { session: Session }) {
  const { t, language } = useMessages();
  const uses = useBreakGlasses();
  const running = (uses.data ?? []).filter((use) => use.state === "in-force" && use.person.id !== session.person.id);
  return (
    <div role="status">
      {running.map((use) => (
        <p className="banner" key={use.id}>
          <Icon name="glass" />
          <span>
            <strong>{t("break.notice", { name: use.person.name })}</strong> {t("break.until", { time: new Date(use.until).toLocaleTimeString(language, { timeStyle: "short" }) })} <Link href={`/access/break-glass/${use.id}`}>{t("break.look")}</Link>
          </span>
        </p>
      ))}
    </div>
  );
}
