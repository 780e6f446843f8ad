interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  readonly seconds: number;
}

const WINDOW_MS = 8000;
const MIN_SECONDS = 0.5;

/** Measures the bit rate of the media themselves: bytes per second of playing time, lately. */
export class BitrateMeter {
  private samples: Sample[] = [];

  /** Notes a loaded part or segment. */
  add(atMs: number, bytes: number, seconds: number): void {
    this.samples = this.samples.filter((sample) => atMs - sample.atMs < WINDOW_MS);
    if (seconds > 0) this.samples.push({ atMs, bytes, seconds });
  }

  /** Bits a second; `null` while there is too little to tell. */
  bitsPerSecond(nowMs: number): number | null {
    const recent = this.samples.filter((sample) => nowMs - sample.atMs < WINDOW_MS);
    const seconds = recent.reduce((sum, sample) => sum + sample.seconds, 0);
    const bytes = recent.reduce((sum, sample) => sum + sample.bytes, 0);
    return seconds < MIN_SECONDS ? null : (bytes * 8) / seconds;
  }
}
