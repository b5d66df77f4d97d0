/** Errors in words: the catalogue's where it knows the code, else the server's own. */
import { ApiError } from "../api/client";
import { isKey, type Translate } from "../messages";

export function problemText(t: Translate, error: Error | null): string {
  if (error === null) return "";
  if (!(error instanceof ApiError)) return t("failure.network");
  const key = `problem.${error.problem.type ?? ""}`;
  return isKey(key) ? t(key) : (error.problem.detail ?? error.problem.title ?? t("failure.network"));
}
