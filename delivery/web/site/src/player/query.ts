/** What a page's address may ask of its player. */
export interface QueryOptions {
  readonly autoplay: boolean;
  readonly sound: boolean;
  /** `null`: as the viewer chose last. */
  readonly lowLatency: boolean | null;
}

/**
 * Reads `?autoplay=0` (wait for a click), `?muted=0` (try to start with sound) and
 * `?latency=low|normal`.
 */
export function readOptions(search: string): QueryOptions {
  const query = new URLSearchParams(search);
  const latency = query.get("latency");
  return {
    autoplay: query.get("autoplay") !== "0",
    sound: query.get("muted") === "0",
    lowLatency: latency === "low" ? true : latency === "normal" ? false : null,
  };
}
