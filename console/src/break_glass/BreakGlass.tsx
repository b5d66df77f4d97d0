import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body } from "../api/client";
import { useMessages } from "../messages";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { problemText } from "../ui/problem";
import { closeBreakGlass as close, useBreakGlassAsked } from "./ask";

const MINUTES = [15, 30, 60, 120, 240] as const;

/** Emergency access: a reason, a time, and what follows from it said before it is taken. */
export function BreakGlassDialog() {
  const { t } = useMessages();
  const record = useBreakGlassAsked();
  return (
    <Dialog opened={record !== null} onClose={close} title={t("break.title")} keep>
      <Form record={record ?? ""} />
    </Dialog>
  );
}

function Form({ record }: { record: string }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState<number>(30);
  const [whole, setWhole] = useState(record === "");
  const take = useMutation({
    mutationFn: () => body(api.POST("/api/v1/break-glass", { body: { reason: reason.trim(), minutes, record: whole ? "" : record } })),
    onSuccess: async () => {
      close();
      await queries.invalidateQueries();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    take.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <p>{t("break.text")}</p>
      <p className="note"><Icon name="warning" /> {t("break.told")}</p>
      <Textarea data-autofocus label={t("break.reason")} description={t("break.reason.hint")} value={reason} onChange={(event) => setReason(event.currentTarget.value)} required withAsterisk={false} minLength={10} maxLength={500} rows={3} />
      <fieldset className="choices">
        <legend>{t("break.minutes")}</legend>
        <div className="speeds">
          {MINUTES.map((value) => (
            <label key={value} className={value === minutes ? "speed speed-on" : "speed"}>
              <input type="radio" name="minutes" checked={value === minutes} onChange={() => setMinutes(value)} />
              {value < 60 ? t("time.minutes", { count: value }) : t("time.hours", { count: value / 60 })}
            </label>
          ))}
        </div>
      </fieldset>
      {record !== "" && (
        <fieldset className="choices">
          <legend>{t("break.what")}</legend>
          <label><input type="radio" name="what" checked={!whole} onChange={() => setWhole(false)} /> {t("break.what.one")} <code>{record}</code></label>
          <label><input type="radio" name="what" checked={whole} onChange={() => setWhole(true)} /> {t("break.what.all")}</label>
        </fieldset>
      )}
      <p className="trouble" role="alert">{problemText(t, take.error)}</p>
      <div className="form-end">
        <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
        <Button type="submit" color="red" loading={take.isPending}>{t("break.button")}</Button>
      </div>
    </form>
  );
}
