import { describe, expect, it } from "vitest";
import { RECONNECT, SLOW, WAITING, delayMs } from "../src/lib/backoff";

describe("delayMs", () => {
  it("grows from the first delay to the longest and stays there", () => {
    const delays = [0, 1, 2, 5, 50].map((attempt) => delayMs(WAITING, attempt, 0.5));
    expect(delays).toEqual([1000, 1300, 1690, 3713, 5000]);
  });

  it("spreads viewers around the delay", () => {
    expect(delayMs(WAITING, 0, 0)).toBe(850);
    expect(delayMs(WAITING, 0, 1)).toBe(1150);
  });

  it("is never zero and never beyond the longest delay and its jitter", () => {
    for (const backoff of [WAITING, RECONNECT, SLOW]) {
      for (let attempt = 0; attempt < 2000; attempt += 7) {
        const delay = delayMs(backoff, attempt, Math.random());
        expect(delay).toBeGreaterThan(0);
        expect(delay).toBeLessThanOrEqual(backoff.maxMs * (1 + backoff.jitter / 2));
      }
    }
  });
});
