/** What to do about a media error: the gentlest thing that has not failed just now. */
export type Remedy = "recover" | "reattach" | "give-up";

const WINDOW_MS = 30_000;
const MAX_REATTACH = 3;

/**
 * Decides how to get over decoder and buffer errors. The first one in 30 seconds resets the decoder,
 * the next three start the player anew; a fourth means that it will not get better by itself.
 */
export class Recovery {
  private errors: number[] = [];

  /** Notes an error at `nowMs` and says what to do. */
  onMediaError(nowMs: number): Remedy {
    this.errors = this.errors.filter((at) => nowMs - at < WINDOW_MS);
    this.errors.push(nowMs);
    if (this.errors.length === 1) return "recover";
    return this.errors.length <= 1 + MAX_REATTACH ? "reattach" : "give-up";
  }
}
