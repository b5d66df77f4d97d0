import { useEffect, useState } from "react";

import { ApiError } from "../api/client";

/** Seconds until the server takes another try. */
export function useWait(error: Error | null): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const wait = error instanceof ApiError ? error.retryAfterS : 0;
    setLeft(wait);
    if (wait <= 0) return undefined;
    const timer = window.setInterval(() => setLeft((before) => Math.max(0, before - 1)), 1000);
    return () => window.clearInterval(timer);
  }, [error]);
  return left;
}
