import { Link, useLocation } from "wouter";

import { useMessages } from "../messages";
import { whereIs, type Place } from "./places";

/** The pages of the place one is in, where it has several. */
export function Tabs({ places }: { places: Place[] }) {
  const { t } = useMessages();
  const [location] = useLocation();
  const here = whereIs(places, location);
  if (here === null || here.place.pages.length < 2) return null;
  return (
    <nav className="tabs" aria-label={t(`place.${here.place.name}`)}>
      {here.place.pages.map(({ name, path }) => (
        <Link key={name} href={path} className="tab" aria-current={name === here.page.name ? "page" : undefined}>
          {t(`page.${name}`)}
        </Link>
      ))}
    </nav>
  );
}
