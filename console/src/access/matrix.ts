/** The matrix of roles and actions, read once by the pages that need its names. */
import { useQuery } from "@tanstack/react-query";

import { api, body, type Out } from "../api/client";

export type MatrixData = Out<"/api/v1/access/matrix">;
export type Cell = MatrixData["cells"][number];
export type ActionOf = MatrixData["actions"][number];

export const useMatrix = (allowed = true) => useQuery({ queryKey: ["access", "matrix"], queryFn: () => body(api.GET("/api/v1/access/matrix")), enabled: allowed });
