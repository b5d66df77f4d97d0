import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api, body } from "../api/client";
import { useMessages } from "../messages";
import { Dialog } from "../ui/Dialog";
import { problemText } from "../ui/problem";
import { download } from "./download";

const FORMATS = ["jsonl", "fhir", "csv", "cef"] as const;
const ENDINGS = { jsonl: "jsonl", fhir: "ndjson", csv: "csv", cef: "cef" } as const;

/** The whole log as a file, in the form its reader wants; the server asks for a step-up. */
export function ExportButton() {
  const { t } = useMessages();
  const [opened, setOpened] = useState(false);
  const fetched = useMutation({
    mutationFn: async (format: (typeof FORMATS)[number]) => {
      const file = await body(api.GET("/api/v1/audit/export", { params: { query: { format } }, parseAs: "blob" }));
      download(file as unknown as Blob, `audit.${ENDINGS[format]}`);
    },
    onSuccess: () => setOpened(false),
  });
  return (
    <>
      <Button variant="default" onClick={() => setOpened(true)}>{t("export.button")}</Button>
      <Dialog opened={opened} onClose={() => setOpened(false)} title={t("export.title")}>
        <p>{t("export.text")}</p>
        <ul className="rows">
          {FORMATS.map((format) => (
            <li key={format}>
              <span><strong>{t(`export.${format}`)}</strong><span className="row-more">{t(`export.${format}.for`)}</span></span>
              <span className="row-acts"><Button size="compact-sm" variant="default" loading={fetched.isPending && fetched.variables === format} aria-label={`${t("export.get")}: ${t(`export.${format}`)}`} onClick={() => fetched.mutate(format)}>{t("export.get")}</Button></span>
            </li>
          ))}
        </ul>
        <p className="trouble" role="alert">{problemText(t, fetched.error)}</p>
      </Dialog>
    </>
  );
}
