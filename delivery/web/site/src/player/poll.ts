import { type Fetched, type StreamStatus, fetchJson, parseStatus } from "../lib/api";
import { type Backoff, delayMs } from "../lib/backoff";

/** What an answer says of the stream; no answer, or one that says nothing, is `unreachable`. */
export type Verdict = StreamStatus["state"] | "unreachable";

/** Asks the server for a stream's state, one request at a time, now or after a growing delay. */
export class StatusPoll {
  private timer = 0;
  private turn = 0;
  private attempt = 0;

  constructor(
    private readonly url: string,
    private readonly onAnswer: (verdict: Verdict, status: StreamStatus | null) => void,
  ) {}

  /** Asks at once; an answer still on its way to an earlier question is ignored. */
  async now(): Promise<void> {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    const fetched = await fetchJson(this.url, parseStatus);
    if (turn === this.turn) this.onAnswer(verdictOf(fetched), fetched.kind === "ok" ? fetched.value : null);
  }

  /** Asks after the backoff's next delay. */
  later(backoff: Backoff): void {
    clearTimeout(this.timer);
    const delay = delayMs(backoff, this.attempt, Math.random());
    this.attempt += 1;
    this.timer = setTimeout(() => void this.now(), delay);
  }

  /** Makes the next delay that of this attempt: 0 for the shortest. */
  restart(attempt = 0): void {
    this.attempt = attempt;
  }
}

/** Reads an answer; a refusal that names no stream means that there is none. */
export function verdictOf(fetched: Fetched<StreamStatus>): Verdict {
  if (fetched.kind === "ok") return fetched.value.state;
  const missing = fetched.kind === "refused" && [400, 404, 410].includes(fetched.status);
  return missing ? "unknown" : "unreachable";
}
