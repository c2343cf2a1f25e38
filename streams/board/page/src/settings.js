// What this screen remembers for itself: never anything about a patient.

const KEY = "vigilward";
const defaults = {
  language: (navigator.language || "en").startsWith("de") ? "de" : "en",
  theme: "auto", // auto, day, night
  ward: "",
  scope: "", // "": all beds, mine, nobody
  scopeOf: "", // whose choice that is
  resound: 60, // seconds between repeats while somebody is called
  keys: true,
};

function read() {
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(KEY) || "{}") };
  } catch {
    return { ...defaults };
  }
}

export const settings = read();

export function set(name, value) {
  settings[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // private windows refuse; the setting holds for as long as the page is open
  }
}

export function applyTheme() {
  const dark = settings.theme === "night" || (settings.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "night" : "day";
  document.documentElement.lang = settings.language;
}
