import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { api, body } from "../api/client";
import { useLive } from "../api/live";
import { useBreakGlasses } from "../break_glass/uses";
import { useMessages } from "../messages";
import { Dialog } from "../ui/Dialog";
import { Icon, Mark } from "../ui/Icon";
import { useVoicemails } from "../voicemail/messages";
import { pathOf, whereIs, type Place } from "./places";

const NARROW_PLACES = 4; // as many as fit beside "More" where the window is 390 px wide

/** The places of the role, with a count where work waits. */
export function Rail({ places, permissions }: { places: Place[]; permissions: readonly string[] }) {
  const { t } = useMessages();
  const [location] = useLocation();
  const [more, setMore] = useState(false);
  const counts = useCounts(permissions);
  const here = whereIs(places, location)?.place.name;
  const inRail = places.filter(({ name }) => name !== "security");
  const hidden = places.filter((place) => !inRail.slice(0, NARROW_PLACES).includes(place));
  return (
    <nav className="rail" aria-label={t("app.places")}>
      <span className="rail-mark">
        <Mark />
      </span>
      {inRail.map((place, index) => (
        <PlaceLink key={place.name} place={place} here={here === place.name} count={counts[place.name] ?? 0} className={index >= NARROW_PLACES ? "rail-place wide-only" : "rail-place"} />
      ))}
      {hidden.length > 0 && (
        <button type="button" className="rail-place narrow-only" aria-haspopup="dialog" onClick={() => setMore(true)}>
          <Icon name="more" />
          <span>{t("app.more_places")}</span>
          {hidden.some(({ name }) => (counts[name] ?? 0) > 0) && <span className="count">!</span>}
        </button>
      )}
      <Dialog opened={more} onClose={() => setMore(false)} title={t("app.more_places")} size="sm">
        <ul className="more" onClick={() => setMore(false)}>
          {hidden.map((place) => (
            <li key={place.name}>
              <PlaceLink place={place} here={here === place.name} count={counts[place.name] ?? 0} className="more-place" />
            </li>
          ))}
        </ul>
      </Dialog>
    </nav>
  );
}

function PlaceLink({ place, here, count, className }: { place: Place; here: boolean; count: number; className: string }) {
  const { t } = useMessages();
  return (
    <Link href={pathOf(place)} className={className} aria-current={here ? "page" : undefined}>
      <Icon name={place.icon} />
      <span>{t(`place.${place.name}`)}</span>
      {count > 0 && <span className="count">{count}</span>}
    </Link>
  );
}

function useCounts(permissions: readonly string[]): Partial<Record<Place["name"], number>> {
  const may = (action: string) => permissions.includes(action);
  const live = useLive(may("calls.live"));
  const messages = useVoicemails(may("voicemail.list"));
  const alerts = useOpenAlerts(may("alerts.read"));
  const breaks = useBreakGlasses(may("break-glass.review"));
  return {
    live: live.data?.calls.length ?? 0,
    voicemail: messages.data?.filter((message) => message.listened_at === null).length ?? 0,
    audit: alerts.data?.alerts.length ?? 0,
    access: breaks.data?.filter((use) => use.review === null).length ?? 0,
  };
}

/** Alerts that nobody has acknowledged; the stream says when there are more. */
export function useOpenAlerts(allowed: boolean) {
  return useQuery({ queryKey: ["alerts", "open"], queryFn: () => body(api.GET("/api/v1/alerts", { params: { query: { unseen: true } } })), enabled: allowed, staleTime: Infinity });
}
