import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../api/client";
import { useMessages } from "../messages";
import type { Session } from "../session/session";
import { Ago } from "../ui/Time";

/** Sign-ins from addresses that were never used before: mine, or somebody else's? */
export function NewAddresses({ addresses }: { addresses: Session["new_addresses"] }) {
  const { t } = useMessages();
  const queries = useQueryClient();
  const mine = useMutation({ mutationFn: () => api.DELETE("/api/v1/me/new-addresses"), onSuccess: () => queries.invalidateQueries({ queryKey: ["session"] }) });
  return (
    <section className="card card-warn" aria-labelledby="new-addresses">
      <h2 id="new-addresses">{t("address.title")}</h2>
      <ul>
        {addresses.map(({ address, at }) => (
          <li key={address}><code>{address}</code> <span className="quiet"><Ago at={at} /></span></li>
        ))}
      </ul>
      <p>{t("address.text")}</p>
      <Button variant="default" loading={mine.isPending} onClick={() => mine.mutate()}>{t("address.mine")}</Button>
    </section>
  );
}
