/** The places of the console: address, key after `g`, and the permission without which it is not shown. */
import type { IconName } from "../ui/Icon";

export interface Place {
  name: "live" | "calls" | "voicemail" | "audit" | "system";
  path: string;
  key: string;
  permission: string;
  icon: IconName;
}

export const PLACES: readonly Place[] = [
  { name: "live", path: "/live", key: "l", permission: "calls.live", icon: "live" },
  { name: "voicemail", path: "/voicemail", key: "v", permission: "voicemail.list", icon: "voicemail" },
  { name: "calls", path: "/calls", key: "c", permission: "calls.list", icon: "calls" },
  { name: "audit", path: "/audit", key: "a", permission: "audit.read", icon: "audit" },
  { name: "system", path: "/system", key: "s", permission: "system.read", icon: "system" },
];

export const placesFor = (permissions: readonly string[]): Place[] => PLACES.filter((place) => permissions.includes(place.permission));
