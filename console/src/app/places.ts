/** The places of the console and their pages: address, key after `g`, and the permissions of which one is needed to see it. */
import type { IconName } from "../ui/Icon";

export type PageName =
  | "live" | "voicemail" | "calls"
  | "audit" | "report" | "alerts" | "checkpoints"
  | "people" | "api-keys"
  | "matrix" | "what-if" | "grants" | "patients" | "break-glass"
  | "agreements" | "retention" | "holds"
  | "keys" | "system" | "security";

export interface Page {
  name: PageName;
  path: string;
  needs: readonly string[];
}

export interface Place {
  name: "live" | "calls" | "voicemail" | "audit" | "people" | "access" | "compliance" | "keys" | "system" | "security";
  key: string;
  icon: IconName;
  pages: readonly Page[];
}

const one = (name: Place["name"] & PageName, key: string, icon: IconName, needs: string): Place => ({ name, key, icon, pages: [{ name, path: `/${name}`, needs: [needs] }] });

export const PLACES: readonly Place[] = [
  one("live", "l", "live", "calls.live"),
  one("voicemail", "v", "voicemail", "voicemail.list"),
  one("calls", "c", "calls", "calls.list"),
  {
    name: "audit",
    key: "a",
    icon: "audit",
    pages: [
      { name: "audit", path: "/audit", needs: ["audit.read"] },
      { name: "alerts", path: "/audit/alerts", needs: ["alerts.read"] },
      { name: "report", path: "/audit/patient", needs: ["audit.report"] },
      { name: "checkpoints", path: "/audit/checkpoints", needs: ["audit.read"] },
    ],
  },
  {
    name: "people",
    key: "p",
    icon: "people",
    pages: [
      { name: "people", path: "/people", needs: ["people.read"] },
      { name: "api-keys", path: "/people/api-keys", needs: ["api-keys.manage"] },
    ],
  },
  {
    name: "access",
    key: "x",
    icon: "shield",
    pages: [
      { name: "matrix", path: "/access", needs: ["access.read"] },
      { name: "what-if", path: "/access/what-if", needs: ["access.read"] },
      { name: "grants", path: "/access/grants", needs: ["access.read", "access.grant"] },
      { name: "patients", path: "/access/patients", needs: ["access.patients"] },
      { name: "break-glass", path: "/access/break-glass", needs: ["break-glass.review"] },
    ],
  },
  {
    name: "compliance",
    key: "m",
    icon: "check",
    pages: [
      { name: "agreements", path: "/compliance", needs: ["agreements.read"] },
      { name: "retention", path: "/compliance/retention", needs: ["retention.read"] },
      { name: "holds", path: "/compliance/holds", needs: ["holds.read"] },
    ],
  },
  one("keys", "k", "key", "keys.read"),
  one("system", "s", "system", "system.read"),
  one("security", "y", "person", "me.security"),
];

const BY_LENGTH = (a: Page, b: Page): number => b.path.length - a.path.length;

/** The places of somebody with these permissions, each with the pages they may see. */
export const placesFor = (permissions: readonly string[]): Place[] =>
  PLACES.map((place) => ({ ...place, pages: place.pages.filter(({ needs }) => needs.some((need) => permissions.includes(need))) })).filter(({ pages }) => pages.length > 0);

/** All pages, those with the longer addresses first. */
export const pagesOf = (places: readonly Place[]): Page[] => places.flatMap(({ pages }) => pages).sort(BY_LENGTH);

/** Where a place begins. */
export const pathOf = (place: Place): string => place.pages[0]?.path ?? "/";

/** The page and place of an address. */
export function whereIs(places: readonly Place[], location: string): { place: Place; page: Page } | null {
  const page = pagesOf(places).find(({ path }) => location === path || location.startsWith(`${path}/`));
  const place = places.find(({ pages }) => page !== undefined && pages.includes(page));
  return page === undefined || place === undefined ? null : { place, page };
}
