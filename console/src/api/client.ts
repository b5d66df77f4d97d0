/** The typed client. GET requests are marked as background work, so that only people keep a session alive. */
import createClient, { type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema";
import { provenAgain, refusedForProof } from "./step_up";

export type Schemas = components["schemas"];
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
/** What a route answers with, by path and method. */
export type Out<Path extends keyof paths, Method extends "get" | "post" | "put" = "get"> = paths[Path] extends Record<Method, { responses: infer R }> ? Json<R[keyof R & (200 | 201 | 202)]> : never;

export type Problem = Partial<{ type: string; title: string; status: number; detail: string; request_id: string; needs: string[] }>;
export const BACKGROUND = "X-Auricle-Background";

/** What an answer that is no success becomes. `retryAfterS` is set where the server names a time. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    readonly retryAfterS: number,
  ) {
    super(problem.type ?? String(status));
  }
}

let skewMs = 0;
let ended: () => void = () => undefined;

/** The server's clock, by the Date of its last answer: call durations must not depend on this machine's clock. */
export const serverNow = (): number => Date.now() + skewMs;

/** What to do when an answer says that the session is over. */
export const onSessionEnd = (call: () => void): void => {
  ended = call;
};

const watching: Middleware = {
  onRequest({ request }) {
    if (request.method === "GET" && !request.headers.has(BACKGROUND)) request.headers.set(BACKGROUND, "1");
    if (request.headers.get(BACKGROUND) === "0") request.headers.delete(BACKGROUND);
    return request;
  },
  async onResponse({ response }) {
    const date = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(date) && Math.abs(date + 500 - Date.now() - skewMs) > 1500) skewMs = date + 500 - Date.now();
    if (response.ok) return response;
    throw await errorOf(response);
  },
};

export async function errorOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  const error = new ApiError(response.status, problem, Number(response.headers.get("retry-after") ?? 0));
  if (problem.type === "session.none") ended();
  return error;
}

/** Sends, and once more after the person has proved who they are, where that is what the answer asks for. Nothing typed is lost. */
async function fetchProving(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetch(request);
  if (response.status !== 403 || !refusedForProof((await response.clone().json().catch(() => ({}))) as Problem)) return response;
  return (await provenAgain()) ? fetch(again) : response;
}

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin", fetch: fetchProving });
api.use(watching);

/** The body of a success; other answers have thrown by then. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
