import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState, type FormEvent } from "react";

import { api, body } from "../api/client";
import { useMessages } from "../messages";
import { problemText } from "../ui/problem";

const LEVELS = ["0", "1", "2", "3", "4"] as const;
const PAUSE_MS = 350;

/** Another password; all other sessions end with it. */
export function Password() {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => api.POST("/api/v1/me/password", { body: { old, new: next } }),
    onSuccess: () => {
      setOld("");
      setNext("");
      return queries.invalidateQueries({ queryKey: ["me"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <section className="card" aria-labelledby="password">
      <h2 id="password">{t("password.title")}</h2>
      <form className="form" onSubmit={submit}>
        <PasswordInput label={t("password.old")} value={old} onChange={(event) => setOld(event.currentTarget.value)} autoComplete="current-password" maxLength={256} required withAsterisk={false} visibilityToggleButtonProps={{ "aria-label": t("signin.reveal") }} />
        <PasswordInput label={t("password.new")} description={t("password.hint")} value={next} onChange={(event) => setNext(event.currentTarget.value)} autoComplete="new-password" minLength={12} maxLength={256} required withAsterisk={false} visibilityToggleButtonProps={{ "aria-label": t("signin.reveal") }} />
        <Strength password={next} />
        <p className="trouble" role="alert">{problemText(t, change.error)}</p>
        <div className="form-start">
          <Button type="submit" variant="default" loading={change.isPending}>{t("password.button")}</Button>
          <span role="status" className="fine">{change.isSuccess && next === "" ? t("password.done") : ""}</span>
        </div>
      </form>
    </section>
  );
}

/** How hard it is to guess, as the server sees it; asked after a pause in typing. */
function Strength({ password }: { password: string }) {
  const { t } = useMessages();
  const settled = useDeferredValue(useSettled(password));
  const found = useQuery({
    queryKey: ["strength", settled],
    queryFn: () => body(api.POST("/api/v1/me/password/strength", { body: { password: settled } })),
    enabled: settled.length > 0,
    gcTime: 0, // no password stays in the cache
    placeholderData: (before) => before,
  });
  if (password === "" || found.data === undefined) return <div className="strength" aria-hidden="true" />;
  const { score, refused, warning, suggestions } = found.data;
  return (
    <div className="strength" role="status">
      <meter min={0} max={4} low={2} high={3} optimum={4} value={score} aria-label={t("password.strength")} />
      <span>{refused !== "" ? refused : t(`password.score.${LEVELS[score] ?? "0"}`)}</span>
      {refused === "" && score < 3 && <span className="quiet">{[warning, ...suggestions].filter((text) => text !== "").join(" ")}</span>}
    </div>
  );
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}
