import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body, type Out } from "../api/client";
import { useMessages } from "../messages";
import { addPasskey, givenUp } from "../session/passkey";
import { Confirm } from "../ui/Confirm";
import { Dialog } from "../ui/Dialog";
import { Failure, Loading } from "../ui/States";
import { Ago } from "../ui/Time";
import { problemText } from "../ui/problem";

type Passkey = Out<"/api/v1/me/passkeys">["passkeys"][number];

/** One's own passkeys: add, rename, remove. */
export function Passkeys() {
  const { t } = useMessages();
  const list = useQuery({ queryKey: ["me", "passkeys"], queryFn: () => body(api.GET("/api/v1/me/passkeys")) });
  return (
    <section className="card" aria-labelledby="passkeys">
      <h2 id="passkeys">{t("passkey.title")}</h2>
      {list.error ? (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      ) : list.data === undefined ? (
        <Loading />
      ) : !list.data.available ? (
        <p className="quiet">{t("passkey.unavailable")}</p>
      ) : (
        <>
          <p className={list.data.passkeys.length === 0 ? undefined : "quiet"}>{t("passkey.text")}</p>
          {list.data.passkeys.length > 0 && (
            <ul className="rows">
              {list.data.passkeys.map((passkey) => <Row key={passkey.id} passkey={passkey} />)}
            </ul>
          )}
          <Add />
        </>
      )}
    </section>
  );
}

export function Add({ onDone }: { onDone?: () => void }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [opened, setOpened] = useState(false);
  const add = useMutation({
    mutationFn: () => addPasskey(name.trim()),
    onSuccess: async () => {
      setOpened(false);
      setName("");
      await queries.invalidateQueries({ queryKey: ["me"] });
      onDone?.();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <>
      <Button variant={onDone === undefined ? "default" : "filled"} onClick={() => setOpened(true)}>{t("passkey.add")}</Button>
      <Dialog opened={opened} onClose={() => setOpened(false)} title={t("passkey.add")}>
        <form className="form" onSubmit={submit}>
          <TextInput data-autofocus label={t("passkey.name")} description={t("passkey.name.hint")} value={name} onChange={(event) => setName(event.currentTarget.value)} required withAsterisk={false} maxLength={60} autoComplete="off" />
          <p className="trouble" role="alert">{givenUp(add.error) ? t("signin.passkey.none") : add.error?.name === "InvalidStateError" ? t("passkey.known") : problemText(t, add.error)}</p>
          <div className="form-end">
            <Button variant="default" onClick={() => setOpened(false)}>{t("app.cancel")}</Button>
            <Button type="submit" loading={add.isPending}>{t("passkey.make")}</Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}

function Row({ passkey }: { passkey: Passkey }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [what, setWhat] = useState<"rename" | "remove" | null>(null);
  const [name, setName] = useState(passkey.name);
  const path = { passkey_id: passkey.id };
  const done = () => {
    setWhat(null);
    return queries.invalidateQueries({ queryKey: ["me"] });
  };
  const remove = useMutation({ mutationFn: () => api.DELETE("/api/v1/me/passkeys/{passkey_id}", { params: { path } }), onSuccess: done });
  const rename = useMutation({ mutationFn: () => api.PATCH("/api/v1/me/passkeys/{passkey_id}", { params: { path }, body: { name: name.trim() } }), onSuccess: done });
  return (
    <li>
      <span>
        <strong>{passkey.name}</strong>{" "}
        <span className="quiet">
          {passkey.last_used_at === null ? t("passkey.unused") : <>{t("passkey.used")} <Ago at={passkey.last_used_at} /></>} · {t(passkey.backed_up ? "passkey.synced" : "passkey.device")}
        </span>
        {passkey.suspect && <span className="trouble"> {t("passkey.suspect")}</span>}
      </span>
      <span className="row-acts">
        <Button size="compact-sm" variant="default" aria-label={`${t("passkey.rename")}: ${passkey.name}`} onClick={() => setWhat("rename")}>{t("passkey.rename")}</Button>
        <Button size="compact-sm" variant="default" aria-label={`${t("passkey.remove")}: ${passkey.name}`} onClick={() => setWhat("remove")}>{t("passkey.remove")}</Button>
      </span>
      <Confirm opened={what === "remove"} onClose={() => setWhat(null)} title={t("passkey.remove")} button={t("passkey.remove")} danger act={{ mutate: () => remove.mutate(), isPending: remove.isPending, error: remove.error }}>
        <p>{t("passkey.remove.text", { name: passkey.name })}</p>
      </Confirm>
      <Dialog opened={what === "rename"} onClose={() => setWhat(null)} title={t("passkey.rename")}>
        <form className="form" onSubmit={(event) => { event.preventDefault(); rename.mutate(); }}>
          <TextInput data-autofocus label={t("passkey.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} required withAsterisk={false} maxLength={60} autoComplete="off" />
          <p className="trouble" role="alert">{problemText(t, rename.error)}</p>
          <div className="form-end">
            <Button variant="default" onClick={() => setWhat(null)}>{t("app.cancel")}</Button>
            <Button type="submit" loading={rename.isPending}>{t("app.save")}</Button>
          </div>
        </form>
      </Dialog>
    </li>
  );
}
