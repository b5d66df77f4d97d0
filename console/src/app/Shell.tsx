import { ActionIcon, Button, useMantineColorScheme } from "@mantine/core";
import { Suspense, lazy, useCallback, useMemo, useState } from "react";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";

import { useConnected, useLive } from "../api/live";
import { useMessages } from "../messages";
import { useIdle, type Session } from "../session/session";
import { SystemBanner } from "../system/Banner";
import { Icon, Mark } from "../ui/Icon";
import { Empty, Loading } from "../ui/States";
import { useVoicemails } from "../voicemail/messages";
import { KeysHelp } from "./KeysHelp";
import { Palette, type Act } from "./Palette";
import { useKeys } from "./keys";
import { placesFor, type Place } from "./places";
import { useVeil } from "./veil";

const PAGES = {
  live: lazy(() => import("../live/Live").then((module) => ({ default: module.Live }))),
  calls: lazy(() => import("../calls/Calls").then((module) => ({ default: module.Calls }))),
  voicemail: lazy(() => import("../voicemail/Voicemail").then((module) => ({ default: module.Voicemail }))),
  audit: lazy(() => import("../audit/Audit").then((module) => ({ default: module.Audit }))),
  system: lazy(() => import("../system/System").then((module) => ({ default: module.System }))),
} as const;

export function Shell({ session, signOut }: { session: Session; signOut: () => Promise<void> }) {
  const { t, language, setLanguage } = useMessages();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [, go] = useLocation();
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(false);
  const veil = useVeil();
  const connected = useConnected();
  const places = useMemo(() => placesFor(session.permissions), [session.permissions]);
  const theme = { auto: "light", light: "dark", dark: "auto" } as const;
  const nextTheme = useCallback(() => setColorScheme(theme[colorScheme]), [colorScheme, setColorScheme]);
  const otherLanguage = useCallback(() => setLanguage(language === "en" ? "es" : "en"), [language, setLanguage]);

  const acts: Act[] = [
    ...places.map((place) => ({ text: t(`place.${place.name}`), keys: `g ${place.key}`, run: () => go(place.path) })),
    { text: t("top.lock"), keys: "Shift+L", run: veil.toggle },
    { text: t("top.keys"), keys: "?", run: () => setHelp(true) },
    { text: `${t("top.theme")}: ${t(`top.theme.${theme[colorScheme]}`)}`, run: nextTheme },
    { text: t("top.language"), run: otherLanguage },
    { text: t("top.signout"), run: () => void signOut() },
  ];
  useKeys({
    "?": () => setHelp(true),
    "Mod+k": () => setPalette(true),
    "Shift+l": veil.toggle,
    "/": () => document.querySelector<HTMLInputElement>("[data-filter]")?.focus(),
    ...Object.fromEntries(places.map((place) => [`g ${place.key}`, () => go(place.path)])),
  });

  return (
    <div className="shell">
      <a className="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content")?.focus(); }}>
        {t("app.skip")}
      </a>
      <Rail places={places} />
      <header className="top">
        <span className="top-practice">{session.practice}</span>
        <button type="button" className="top-search" onClick={() => setPalette(true)}>
          <Icon name="search" />
          <span className="top-search-text">{t("top.search")}</span>
          <kbd aria-hidden="true">Ctrl K</kbd>
        </button>
        <span className="top-right">
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("top.lock")} title={t("top.lock")} aria-pressed={veil.locked} onClick={veil.toggle}>
            <Icon name={veil.locked ? "eye-off" : "eye"} />
          </ActionIcon>
          <ActionIcon className="wide-only" variant="subtle" color="gray" size="lg" aria-label={t("top.keys")} title={t("top.keys")} onClick={() => setHelp(true)}>
            <Icon name="keyboard" />
          </ActionIcon>
          <span className="top-person wide-only">{session.person.name}</span>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("top.signout")} title={t("top.signout")} onClick={() => void signOut()}>
            <Icon name="out" />
          </ActionIcon>
        </span>
      </header>
      <div className="banners">
        {!connected && <p className="banner" role="status"><Icon name="warning" />{t("offline")}</p>}
        <SystemBanner />
        <IdleBanner session={session} />
        {veil.locked && <p className="banner" role="status"><Icon name="eye-off" />{t("veil.locked")} <Button size="compact-sm" variant="default" onClick={veil.toggle}>{t("veil.show")}</Button></p>}
      </div>
      <main id="content" className="content" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Pages places={places} permissions={session.permissions} />
        </Suspense>
      </main>
      <KeysHelp opened={help} onClose={() => setHelp(false)} places={places} />
      <Palette opened={palette} onClose={() => setPalette(false)} acts={acts} />
    </div>
  );
}

function Pages({ places, permissions }: { places: Place[]; permissions: readonly string[] }) {
  const { t } = useMessages();
  const [, go] = useLocation();
  const first = places[0];
  if (first === undefined) return <Empty title={t("failure.forbidden")} />;
  return (
    <Switch>
      {places.map(({ name, path }) => {
        const Page = PAGES[name];
        return (
          <Route key={path} path={`${path}/:id?`}>
            {(params) => <Page id={params.id} permissions={permissions} />}
          </Route>
        );
      })}
      <Route path="/">
        <Redirect to={first.path} replace />
      </Route>
      <Route>
        <Empty title={t("failure.page")} action={{ text: t("failure.page.button"), run: () => go(first.path) }} />
      </Route>
    </Switch>
  );
}

function Rail({ places }: { places: Place[] }) {
  const { t } = useMessages();
  const [location] = useLocation();
  const live = useLive(places.some(({ name }) => name === "live"));
  const messages = useVoicemails(places.some(({ name }) => name === "voicemail"));
  const counts: Partial<Record<Place["name"], number>> = {
    live: live.data?.calls.length ?? 0,
    voicemail: messages.data?.filter((message) => message.listened_at === null).length ?? 0,
  };
  return (
    <nav className="rail" aria-label={t("app.places")}>
      <span className="rail-mark">
        <Mark />
      </span>
      {places.map(({ name, path, icon }) => (
        <Link key={name} href={path} className="rail-place" aria-current={location.startsWith(path) ? "page" : undefined}>
          <Icon name={icon} />
          <span>{t(`place.${name}`)}</span>
          {(counts[name] ?? 0) > 0 && <span className="count">{counts[name]}</span>}
        </Link>
      ))}
    </nav>
  );
}

function IdleBanner({ session }: { session: Session }) {
  const { t } = useMessages();
  const { left, stay } = useIdle(session);
  if (left === null) return null;
  return (
    <p className="banner" role="alert">
      <Icon name="warning" />
      {t("idle.warning", { seconds: left })} <Button size="compact-sm" onClick={stay}>{t("idle.stay")}</Button>
    </p>
  );
}
