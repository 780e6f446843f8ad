/** How long to wait between tries: growing from `firstMs` to `maxMs`, spread by `jitter` (0 to 1). */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly factor: number;
  readonly jitter: number;
}

/** Asking whether an offline stream has come up: quick at first, then every five seconds or so. */
export const WAITING: Backoff = { firstMs: 1000, maxMs: 5000, factor: 1.3, jitter: 0.3 };

/** Trying again after the network or the server went away. */
export const RECONNECT: Backoff = { firstMs: 500, maxMs: 5000, factor: 1.5, jitter: 0.4 };

/** Looking again at what will hardly change: an unknown stream, a codec that does not play. */
export const SLOW: Backoff = { firstMs: 8000, maxMs: 20000, factor: 1.5, jitter: 0.3 };

/**
 * The delay before try number `attempt` (from 0), in milliseconds. `random` is a number from 0 to 1;
 * the jitter keeps many viewers that lost the same stream from coming back in the same instant.
 */
export function delayMs(backoff: Backoff, attempt: number, random: number): number {
  const grown = backoff.firstMs * backoff.factor ** Math.max(0, attempt);
  const base = Math.min(backoff.maxMs, grown);
  return Math.round(base * (1 - backoff.jitter / 2 + backoff.jitter * random));
}
