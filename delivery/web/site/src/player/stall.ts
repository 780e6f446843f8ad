/** What the playhead does. */
export type Motion = "moving" | "slow" | "stuck";

// Shorter stops are not worth a word; longer ones than the second do not end by themselves.
const SLOW_MS = 700;
const STUCK_MS = 8000;

/** Watches the playhead of a video that should be playing. */
export class StallWatch {
  private position = Number.NaN;
  private movedAtMs = 0;

  /** Forgets the past: after a pause or a new source. */
  reset(nowMs: number): void {
    this.position = Number.NaN;
    this.movedAtMs = nowMs;
  }

  /**
   * Notes where the playhead is, in seconds. A change counts only with pictures to show: a player
   * that is stuck nudges the playhead, too.
   */
  observe(position: number, hasPictures: boolean, nowMs: number): Motion {
    if (position !== this.position && hasPictures) this.movedAtMs = nowMs;
    this.position = position;
    const still = nowMs - this.movedAtMs;
    if (still < SLOW_MS) return "moving";
    return still < STUCK_MS ? "slow" : "stuck";
  }
}
