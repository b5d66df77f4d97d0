/** The list of messages, shared by the rail's counter and the page. */
import { useQuery } from "@tanstack/react-query";

import { api, body } from "../api/client";

export const useVoicemails = (enabled = true) =>
  useQuery({ queryKey: ["voicemails"], queryFn: async () => (await body(api.GET("/api/v1/voicemails"))).messages, enabled });
