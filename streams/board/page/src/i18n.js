// Every word of the page comes from a message file; alertText.js makes the worker's sentences from them too.

import en from "../messages/en.json";
import de from "../messages/de.json";
import { settings } from "./settings.js";

export const LANGUAGES = { en: "English", de: "Deutsch" };
const files = { en, de };

// t("owned", {who: "Nora"}) -> "Nora has it"; an unknown key shows itself, so that a test finds it. Of one thing (`n`) it
// says `key.one`, where the file has that.
export function t(said, facts) {
  const key = facts?.n === 1 && has(`${said}.one`) ? `${said}.one` : said;
  const text = files[settings.language]?.[key] ?? en[key] ?? key;
  return facts ? text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "") : text;
}

export const english = (key) => en[key] ?? key;
export const keysOf = (begin) => Object.keys(en).filter((key) => key.startsWith(begin));
export const has = (key) => key in en;
// A code of a closed list, such as a reason; falls back to the code itself in plain letters.
export const code = (kind, name) => (name == null ? "" : has(`${kind}.${name}`) ? t(`${kind}.${name}`) : String(name).replaceAll("_", " "));
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
