/** Every time somebody broke the glass, for those who review it; the stream says when there is news. */
import { useQuery } from "@tanstack/react-query";

import { api, body, type Out } from "../api/client";

export type Use = Out<"/api/v1/break-glass">["entries"][number];

export const useBreakGlasses = (allowed = true) =>
  useQuery({ queryKey: ["break-glass"], queryFn: () => body(api.GET("/api/v1/break-glass")), select: (queue) => queue.entries, enabled: allowed, staleTime: Infinity });
