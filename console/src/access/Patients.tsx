import { Button, Checkbox, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, body, type Out } from "../api/client";
import { useMessages } from "../messages";
import { usePeople } from "../people/People";
import { Confirm } from "../ui/Confirm";
import { Dialog } from "../ui/Dialog";
import { PartyText } from "../ui/Party";
import { Empty, Failure, Loading } from "../ui/States";
import { problemText } from "../ui/problem";

type Mark = Out<"/api/v1/access/patients">["patients"][number];

/** Marks on patients' numbers: who cares for them, and whose records only those may open. */
export function Patients({ permissions }: { permissions: readonly string[] }) {
  const { t } = useMessages();
  const [edited, setEdited] = useState<Mark | "new" | null>(null);
  const list = useQuery({ queryKey: ["access", "patients"], queryFn: () => body(api.GET("/api/v1/access/patients")) });
  if (list.error && list.data === undefined) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (list.data === undefined) return <Loading />;
  const { patients, teams } = list.data;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("page.patients")}</h1>
        <Button onClick={() => setEdited("new")}>{t("mark.add")}</Button>
      </header>
      {patients.length === 0 ? <Empty title={t("mark.empty")}>{t("mark.empty.hint")}</Empty> : <ul className="rows rows-page">{patients.map((mark) => <Row key={mark.id} mark={mark} onEdit={() => setEdited(mark)} />)}</ul>}
      <Dialog opened={edited !== null} onClose={() => setEdited(null)} title={t(edited === "new" ? "mark.add" : "mark.edit")} size="lg" keep>
        <Edit mark={edited === "new" ? null : edited} teams={teams} mayPeople={permissions.includes("people.read")} onDone={() => setEdited(null)} />
      </Dialog>
    </div>
  );
}

function Row({ mark, onEdit }: { mark: Mark; onEdit: () => void }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/v1/access/patients/{mark}", { params: { path: { mark: mark.id } } }),
    onSuccess: () => {
      setAsking(false);
      return queries.invalidateQueries({ queryKey: ["access", "patients"] });
    },
  });
  const carers = [...mark.people.map(({ name }) => name), ...mark.teams.map((team) => t("mark.team", { name: team }))];
  const label = mark.label === "" ? mark.number.text : mark.label;
  return (
    <li>
      <span>
        <PartyText party={{ ...mark.number, name: mark.label || mark.number.name }} />
        {mark.restricted && <span className="tag">{t("mark.restricted")}</span>}
        <span className="row-more">{carers.length === 0 ? t("mark.nobody") : t("mark.carers", { names: carers.join(", ") })}</span>
      </span>
      <span className="row-acts">
        <Button size="compact-sm" variant="default" aria-label={`${t("app.edit")}: ${label}`} onClick={onEdit}>{t("app.edit")}</Button>
        <Button size="compact-sm" variant="default" aria-label={`${t("mark.remove")}: ${label}`} onClick={() => setAsking(true)}>{t("mark.remove")}</Button>
      </span>
      <Confirm opened={asking} onClose={() => setAsking(false)} title={t("mark.remove")} button={t("mark.remove")} danger act={{ mutate: () => remove.mutate(), isPending: remove.isPending, error: remove.error }}>
        <p>{t("mark.remove.text")}</p>
      </Confirm>
    </li>
  );
}

function Edit({ mark, teams, mayPeople, onDone }: { mark: Mark | null; teams: readonly string[]; mayPeople: boolean; onDone: () => void }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const people = usePeople(mayPeople);
  const [number, setNumber] = useState(mark?.number.text ?? "");
  const [label, setLabel] = useState(mark?.label ?? "");
  const [restricted, setRestricted] = useState(mark?.restricted ?? true);
  const [carers, setCarers] = useState<readonly string[]>(mark?.people.map(({ id }) => id) ?? []);
  const [chosen, setChosen] = useState<readonly string[]>(mark?.teams ?? []);
  const save = useMutation({
    mutationFn: () => body(api.POST("/api/v1/access/patients", { body: { number: mark?.number.number ?? number.trim(), label: label.trim(), restricted, people: [...carers], teams: [...chosen] } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["access", "patients"] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const toggled = (list: readonly string[], item: string, on: boolean) => (on ? [...list, item] : list.filter((other) => other !== item));
  const staff = (people.data ?? []).filter(({ state }) => state === "active");
  return (
    <form className="form" onSubmit={submit}>
      <TextInput data-autofocus type="tel" label={t("mark.number")} value={number} onChange={(event) => setNumber(event.currentTarget.value)} required withAsterisk={false} minLength={3} maxLength={32} autoComplete="off" readOnly={mark !== null} classNames={{ input: "phi" }} />
      <TextInput label={t("mark.label")} description={t("mark.label.hint")} value={label} onChange={(event) => setLabel(event.currentTarget.value)} maxLength={80} autoComplete="off" classNames={{ input: "phi" }} />
      <Checkbox label={t("mark.restrict")} description={t("mark.restrict.hint")} checked={restricted} onChange={(event) => setRestricted(event.currentTarget.checked)} />
      {teams.length > 0 && (
        <fieldset className="choices choices-columns">
          <legend>{t("mark.teams")}</legend>
          {teams.map((team) => <Checkbox key={team} label={team} checked={chosen.includes(team)} onChange={(event) => setChosen(toggled(chosen, team, event.currentTarget.checked))} />)}
        </fieldset>
      )}
      {staff.length > 0 && (
        <fieldset className="choices choices-columns">
          <legend>{t("mark.people")}</legend>
          {staff.map(({ id, name }) => <Checkbox key={id} label={name} checked={carers.includes(id)} onChange={(event) => setCarers(toggled(carers, id, event.currentTarget.checked))} />)}
        </fieldset>
      )}
      <p className="trouble" role="alert">{problemText(t, save.error)}</p>
      <div className="form-end">
        <Button variant="default" onClick={onDone}>{t("app.cancel")}</Button>
        <Button type="submit" loading={save.isPending}>{t("app.save")}</Button>
      </div>
    </form>
  );
}
