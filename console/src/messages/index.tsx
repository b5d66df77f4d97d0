/** The message catalogue in use: English and Spanish; the choice is kept in this browser. */
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";

import { en, type MessageKey as CoreKey } from "./en";
import { es } from "./es";
import type { en as pages } from "./pages";

export type Language = "en" | "es";
export type Values = Record<string, string | number>;
type MessageKey = CoreKey | keyof typeof pages;
type Stem<K> = K extends `${infer S}_one` ? S : never;
/** A key of the catalogue, or the stem of a pair of plural forms. */
export type TextKey = MessageKey | Stem<MessageKey>;
export type Translate = (key: TextKey, values?: Values) => string;

const CATALOGUES: Record<Language, Record<string, string>> = { en: { ...en }, es: { ...es } };

/** Adds the words of pages that are loaded later. */
export function extend(more: Record<Language, Readonly<Record<string, string>>>): void {
  Object.assign(CATALOGUES.en, more.en);
  Object.assign(CATALOGUES.es, more.es);
}
const STORED = "auricle-language";

function first(): Language {
  const kept = localStorage.getItem(STORED);
  if (kept === "en" || kept === "es") return kept;
  return navigator.language.toLowerCase().startsWith("es") ? "es" : "en";
}

function translate(language: Language, key: TextKey, values: Values = {}): string {
  const catalogue = CATALOGUES[language];
  const plural = typeof values["count"] === "number" ? `${key}_${new Intl.PluralRules(language).select(values["count"]) === "one" ? "one" : "other"}` : "";
  const text = catalogue[plural] ?? catalogue[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

interface Messages {
  language: Language;
  setLanguage: (language: Language) => void;
  t: Translate;
}

const Context = createContext<Messages>({ language: "en", setLanguage: () => undefined, t: (key) => key });

export function MessagesProvider({ children }: { children: ReactNode }) {
  const [language, set] = useState<Language>(first);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const setLanguage = useCallback((next: Language) => {
    localStorage.setItem(STORED, next);
    set(next);
  }, []);
  const value = useMemo(() => ({ language, setLanguage, t: (key: TextKey, values?: Values) => translate(language, key, values) }), [language, setLanguage]);
  return <Context value={value}>{children}</Context>;
}

export const useMessages = (): Messages => use(Context);

/** Whether the catalogue has this key: for names that come from the server. */
export const isKey = (key: string): key is MessageKey => key in CATALOGUES.en;
