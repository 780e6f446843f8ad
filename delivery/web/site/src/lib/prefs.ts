/** What a viewer chose, kept in this browser only. */
export interface Prefs {
  volume: number;
  muted: boolean;
  lowLatency: boolean;
  stats: boolean;
}

const NAME = "shardcast.player";
// Sound needs a tap at first: a page that starts to talk by itself is not welcome.
const DEFAULTS: Prefs = { volume: 1, muted: true, lowLatency: true, stats: false };

/** Reads the choices; the defaults where there are none or storage is refused (private windows, frames). */
export function loadPrefs(): Prefs {
  try {
    const stored = JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<Prefs>;
    const flag = (value: unknown, other: boolean) => (typeof value === "boolean" ? value : other);
    const volume = typeof stored.volume === "number" ? Math.min(1, Math.max(0, stored.volume)) : 1;
    return {
      volume,
      muted: flag(stored.muted, DEFAULTS.muted),
      lowLatency: flag(stored.lowLatency, DEFAULTS.lowLatency),
      stats: flag(stored.stats, DEFAULTS.stats),
    };
  } catch {
    return { ...DEFAULTS };
  }
}

/** Keeps the choices, where the browser lets us. */
export function savePrefs(prefs: Prefs): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(prefs));
  } catch {
    // The choice then lasts as long as the page.
  }
}
