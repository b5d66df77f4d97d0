/** The veil over patient data: down while the window is not in front, or until it is lifted once the lock key was pressed. */
import { useCallback, useEffect, useState } from "react";

export function useVeil(): { locked: boolean; veiled: boolean; toggle: () => void } {
  const [away, setAway] = useState(() => !document.hasFocus());
  const [locked, setLocked] = useState(false);
  useEffect(() => {
    const blur = () => setAway(true);
    const focus = () => setAway(false);
    window.addEventListener("blur", blur);
    window.addEventListener("focus", focus);
    return () => {
      window.removeEventListener("blur", blur);
      window.removeEventListener("focus", focus);
    };
  }, []);
  const veiled = away || locked;
  useEffect(() => {
    document.documentElement.toggleAttribute("data-veiled", veiled);
    return () => document.documentElement.removeAttribute("data-veiled");
  }, [veiled]);
  return { locked, veiled, toggle: useCallback(() => setLocked((before) => !before), []) };
}
