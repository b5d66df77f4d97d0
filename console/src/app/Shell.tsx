import { ActionIcon, Button, useMantineColorScheme } from "@mantine/core";
import { Suspense, lazy, useCallback, useMemo, useState, type ComponentType } from "react";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";

import { useConnected } from "../api/live";
import { BreakGlassBanner, BreakGlassNotice } from "../break_glass/Banner";
import { BreakGlassDialog } from "../break_glass/BreakGlass";
import { openBreakGlass } from "../break_glass/ask";
import { useMessages } from "../messages";
import "../messages/pages";
import { StepUp } from "../session/StepUp";
import { useIdle, type Locked, type Session } from "../session/session";
import { SystemBanner } from "../system/Banner";
import { Icon } from "../ui/Icon";
import { Empty, Loading } from "../ui/States";
import { KeysHelp } from "./KeysHelp";
import { Palette, type Act } from "./Palette";
import { Rail } from "./Rail";
import { Tabs } from "./Tabs";
import { useKeys } from "./keys";
import { pagesOf, pathOf, placesFor, type PageName, type Place } from "./places";
import { useVeil } from "./veil";

interface PageProps {
  id?: string | undefined;
  permissions: readonly string[];
}
const page = (load: () => Promise<ComponentType<PageProps>>) => lazy(() => load().then((component) => ({ default: component })));

const PAGES: Record<PageName, ComponentType<PageProps>> = {
  live: page(() => import("../live/Live").then(({ Live }) => Live)),
  calls: page(() => import("../calls/Calls").then(({ Calls }) => Calls)),
  voicemail: page(() => import("../voicemail/Voicemail").then(({ Voicemail }) => Voicemail)),
  audit: page(() => import("../audit/Audit").then(({ Audit }) => Audit)),
  alerts: page(() => import("../audit/Alerts").then(({ Alerts }) => Alerts)),
  report: page(() => import("../audit/Report").then(({ Report }) => Report)),
  checkpoints: page(() => import("../audit/Checkpoints").then(({ Checkpoints }) => Checkpoints)),
  people: page(() => import("../people/People").then(({ People }) => People)),
  "api-keys": page(() => import("../people/ApiKeys").then(({ ApiKeys }) => ApiKeys)),
  matrix: page(() => import("../access/Matrix").then(({ Matrix }) => Matrix)),
  "what-if": page(() => import("../access/WhatIf").then(({ WhatIf }) => WhatIf)),
  grants: page(() => import("../access/Grants").then(({ Grants }) => Grants)),
  patients: page(() => import("../access/Patients").then(({ Patients }) => Patients)),
  "break-glass": page(() => import("../break_glass/Review").then(({ Review }) => Review)),
  agreements: page(() => import("../compliance/Agreements").then(({ Agreements }) => Agreements)),
  retention: page(() => import("../compliance/Retention").then(({ Retention }) => Retention)),
  holds: page(() => import("../compliance/Holds").then(({ Holds }) => Holds)),
  keys: page(() => import("../keys/Keys").then(({ Keys }) => Keys)),
  system: page(() => import("../system/System").then(({ System }) => System)),
  security: page(() => import("../security/Security").then(({ Security }) => Security)),
};

interface Props {
  session: Session;
  /** Out of sight: the window is locked and nothing here acts. */
  away: boolean;
  lock: (why: Locked["why"]) => void;
  signOut: () => Promise<void>;
}

export function Shell({ session, away, lock, signOut }: Props) {
  const { t, language, setLanguage } = useMessages();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [, go] = useLocation();
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(false);
  const veil = useVeil();
  const places = useMemo(() => placesFor(session.permissions), [session.permissions]);
  const mayBreak = session.permissions.includes("break-glass.use");
  const theme = { auto: "light", light: "dark", dark: "auto" } as const;
  const lockByKey = useCallback(() => lock("key"), [lock]);
  const breakGlass = useCallback(() => openBreakGlass(""), []);

  const acts: Act[] = [
    ...placeActs(places, (place) => t(`place.${place}`), (name) => t(`page.${name}`), go),
    ...(mayBreak && session.break_glass === null ? [{ text: t("break.button"), keys: "Shift+B", run: breakGlass }] : []),
    { text: t("top.veil"), keys: "Shift+L", run: veil.toggle },
    { text: t("top.lock"), keys: "Shift+X", run: lockByKey },
    { text: t("top.keys"), keys: "?", run: () => setHelp(true) },
    { text: `${t("top.theme")}: ${t(`top.theme.${theme[colorScheme]}`)}`, run: () => setColorScheme(theme[colorScheme]) },
    { text: t("top.language"), run: () => setLanguage(language === "en" ? "es" : "en") },
    { text: t("top.signout"), run: () => void signOut() },
  ];
  useKeys(
    away
      ? {}
      : {
          "?": () => setHelp(true),
          "Mod+k": () => setPalette(true),
          "Shift+l": veil.toggle,
          "Shift+x": lockByKey,
          ...(mayBreak && session.break_glass === null ? { "Shift+b": breakGlass } : {}),
          "/": () => document.querySelector<HTMLInputElement>("[data-filter]")?.focus(),
          ...Object.fromEntries(places.map((place) => [`g ${place.key}`, () => go(pathOf(place))])),
        },
  );

  return (
    <div className="shell">
      <a className="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content")?.focus(); }}>
        {t("app.skip")}
      </a>
      <Rail places={places} permissions={session.permissions} />
      <header className="top">
        <span className="top-practice">{session.practice}</span>
        <button type="button" className="top-search" onClick={() => setPalette(true)}>
          <Icon name="search" />
          <span className="top-search-text">{t("top.search")}</span>
          <kbd aria-hidden="true">Ctrl K</kbd>
        </button>
        <span className="top-right">
          {mayBreak && session.break_glass === null && <TopButton icon="glass" label={t("break.button")} wide onClick={breakGlass} />}
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("top.veil")} title={t("top.veil")} aria-pressed={veil.locked} onClick={veil.toggle}>
            <Icon name={veil.locked ? "eye-off" : "eye"} />
          </ActionIcon>
          <TopButton icon="keyboard" label={t("top.keys")} wide onClick={() => setHelp(true)} />
          <TopButton icon="lock" label={t("top.lock")} onClick={lockByKey} />
          <Link href="/security" className="top-person wide-only" title={t("page.security")}>{session.person.name}</Link>
          <TopButton icon="out" label={t("top.signout")} onClick={() => void signOut()} />
        </span>
      </header>
      <div className="banners">
        <Offline />
        {!away && <IdleBanner session={session} lock={lock} />}
        <SystemBanner />
        <BreakGlassBanner session={session} />
        {session.permissions.includes("break-glass.review") && <BreakGlassNotice session={session} />}
        {veil.locked && <p className="banner" role="status"><Icon name="eye-off" />{t("veil.locked")} <Button size="compact-sm" variant="default" onClick={veil.toggle}>{t("veil.show")}</Button></p>}
      </div>
      <main id="content" className="content" tabIndex={-1}>
        <Tabs places={places} />
        <Suspense fallback={<Loading />}>
          <Pages places={places} permissions={session.permissions} />
        </Suspense>
      </main>
      <KeysHelp opened={help} onClose={() => setHelp(false)} places={places} breakGlass={mayBreak} />
      <Palette opened={palette} onClose={() => setPalette(false)} acts={acts} />
      {mayBreak && <BreakGlassDialog />}
      <StepUp session={session} />
    </div>
  );
}

function placeActs(places: readonly Place[], placeName: (name: Place["name"]) => string, pageName: (name: PageName) => string, go: (path: string) => void): Act[] {
  return places.flatMap((place) => {
    const several = place.pages.length > 1;
    return place.pages.map(({ name, path }, index) => ({
      text: several ? `${placeName(place.name)}: ${pageName(name)}` : placeName(place.name),
      ...(index === 0 ? { keys: `g ${place.key}` } : {}),
      run: () => go(path),
    }));
  });
}

function TopButton({ icon, label, wide = false, onClick }: { icon: "glass" | "keyboard" | "lock" | "out"; label: string; wide?: boolean; onClick: () => void }) {
  return (
    <ActionIcon className={wide ? "wide-only" : undefined} variant="subtle" color="gray" size="lg" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </ActionIcon>
  );
}

function Pages({ places, permissions }: { places: Place[]; permissions: readonly string[] }) {
  const { t } = useMessages();
  const [, go] = useLocation();
  const first = places[0];
  if (first === undefined) return <Empty title={t("failure.forbidden")} />;
  return (
    <Switch>
      {pagesOf(places).map(({ name, path }) => {
        const Page = PAGES[name];
        return (
          <Route key={path} path={`${path}/:id?`}>
            {(params) => <Page id={params.id} permissions={permissions} />}
          </Route>
        );
      })}
      <Route path="/">
        <Redirect to={pathOf(first)} replace />
      </Route>
      <Route>
        <Empty title={t("failure.page")} action={{ text: t("failure.page.button"), run: () => go(pathOf(first)) }} />
      </Route>
    </Switch>
  );
}

function Offline() {
  const { t } = useMessages();
  if (useConnected()) return null;
  return <p className="banner" role="status"><Icon name="warning" />{t("offline")}</p>;
}

function IdleBanner({ session, lock }: { session: Session; lock: (why: "idle") => void }) {
  const { t } = useMessages();
  const { left, stay } = useIdle(session, lock);
  if (left === null) return null;
  return (
    <div className="banner">
      <Icon name="warning" />
      <span>
        <span role="alert">{t("idle.warning")}</span> <span className="number" aria-hidden="true">{t("idle.left", { seconds: left })}</span>
      </span>
      <Button size="compact-sm" onClick={stay}>{t("idle.stay")}</Button>
    </div>
  );
}
