import type { StreamStatus } from "../lib/api";
import { type Backoff, RECONNECT, SLOW, WAITING } from "../lib/backoff";
import { type Location, playlistUrl, statusUrl } from "../lib/path";
import { browserSupports, findUnplayable } from "./codecs";
import { HlsSource, hlsIsSupported } from "./hls-source";
import { NativeSource, nativeIsSupported } from "./native-source";
import { StatusPoll, type Verdict } from "./poll";
import { Recovery } from "./recovery";
import { type Failure, type Source, type SourceListener, isBehind } from "./source";
import { StallWatch } from "./stall";
import type { Context, Phase, Unplayable } from "./state";

/** What a session tells the page. */
export interface SessionListener {
  onPhase(phase: Phase, context: Context): void;
  onStatus(status: StreamStatus): void;
  onLevels(): void;
}

const TICK_MS = 250;
const PLAYING: Backoff = { firstMs: 12_000, maxMs: 12_000, factor: 1, jitter: 0.4 };
// A resumed load that fails again this soon was not helped by resuming.
const RESUME_HELPS_MS = 10_000;
// A source that shows nothing for this long, or gets no media for that long, is started anew.
const START_MS = 15_000;
const STARVED_MS = 30_000;
const MAX_VAIN_OPENS = 4;

/**
 * Keeps one stream playing: asks the server for its state, opens a source when it is live, watches
 * it, and gets over whatever goes wrong. It never gives up; it only asks less often.
 */
export class Session implements SourceListener {
  private phase: Phase = "connecting";
  private status: StreamStatus | null = null;
  private current: Source | null = null;
  private unplayable: Unplayable | null = null;
  private reason = "";
  private recovery = new Recovery();
  private readonly stall = new StallWatch();
  private readonly poll: StatusPoll;
  private hadPicture = false;
  private everPlayed = false;
  private over = false;
  private loadFailed = false;
  private resumedAtMs = Number.NEGATIVE_INFINITY;
  private openedAtMs = 0;
  private starvedAtMs: number | null = null;
  /** The viewer was watching live, not looking back, when pictures last moved. */
  private atLive = true;
  private vainOpens = 0;
  private wantsPlay: boolean;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly location: Location,
    private lowLatency: boolean,
    autoplay: boolean,
    /** Whether the page shows what changes while all is well (viewers, title). */
    private readonly followStatus: boolean,
    private readonly listener: SessionListener,
  ) {
    this.wantsPlay = autoplay;
    this.poll = new StatusPoll(statusUrl(location), (verdict, answer) => this.onAnswer(verdict, answer));
  }

  /** Begins; the listener hears of everything that follows. */
  start(): void {
    this.video.addEventListener("playing", () => this.onPicture());
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => void this.poll.now());
    document.addEventListener("visibilitychange", () => this.stall.reset(performance.now()));
    setInterval(() => this.tick(), TICK_MS);
    this.announce();
    void this.poll.now();
  }

  /** The source that plays now, if one does. */
  source(): Source | null {
    return this.current;
  }

  /** The phase that was announced last. */
  currentPhase(): Phase {
    return this.phase;
  }

  /** Tries again at once. */
  retry(): void {
    this.poll.restart();
    this.recovery = new Recovery();
    if (!this.current) this.setPhase("connecting");
    void this.poll.now();
  }

  /** Plays, with sound where the browser allows it; resolves to whether it had to be muted. */
  async play(): Promise<boolean> {
    this.wantsPlay = true;
    if (!this.current) return false;
    // What was loaded while the viewer made up their mind is old by now.
    if (!this.hadPicture) this.catchUp();
    try {
      await this.video.play();
    } catch (error) {
      if (!isRefusal(error) || this.video.muted) return false;
      this.video.muted = true;
      await this.video.play().catch(() => undefined);
      return true;
    }
    return false;
  }

  pause(): void {
    this.wantsPlay = false;
    this.video.pause();
  }

  /** Jumps to the newest picture and plays. */
  goLive(): void {
    const position = this.current?.livePosition() ?? null;
    if (position !== null) this.video.currentTime = position;
    void this.play();
  }

  private catchUp(): void {
    const position = this.current?.livePosition() ?? null;
    if (this.current && isBehind(this.current) && position !== null) this.video.currentTime = position;
  }

  setLowLatency(lowLatency: boolean): void {
    if (lowLatency === this.lowLatency) return;
    this.lowLatency = lowLatency;
    if (this.current) this.open();
  }

  onLevels(): void {
    this.listener.onLevels();
  }

  onEnd(fresh: boolean): void {
    // A playlist that is over from the start is the last session's: there is nothing live in it.
    if (!fresh) {
      this.over = true;
      return;
    }
    this.vainOpens += 1;
    this.close(this.goneOrNotYet(), WAITING, this.vainOpens - 1);
  }

  onFailure(failure: Failure): void {
    this.reason = failure.reason;
    switch (failure.kind) {
      case "network":
        // Several tracks fail together; one question is enough.
        if (!this.loadFailed) void this.poll.now();
        this.loadFailed = true;
        break;
      case "reattach":
        this.reopen();
        break;
      case "codec":
        this.unplayable = null;
        this.close("unsupported", SLOW);
        break;
      case "give-up":
        this.recovery = new Recovery();
        this.close("failed", SLOW);
        break;
    }
  }

  private onAnswer(verdict: Verdict, status: StreamStatus | null): void {
    if (status) {
      this.status = status;
      this.listener.onStatus(status);
    }
    if (this.current === null) this.onAnswerWhileClosed(verdict, status);
    else if (this.loadFailed) this.onAnswerAfterLoadFailure(verdict);
    else this.askAgain();
  }

  private onAnswerWhileClosed(verdict: Verdict, status: StreamStatus | null): void {
    if (verdict === "live" && status) this.openIfPlayable(status);
    else if (verdict === "offline") this.wait(this.goneOrNotYet(), WAITING);
    else if (verdict === "unknown") this.wait("unknown", SLOW);
    else this.wait("unreachable", RECONNECT);
  }

  private onAnswerAfterLoadFailure(verdict: Verdict): void {
    if (verdict === "unreachable") {
      // What is buffered goes on playing meanwhile.
      this.poll.later(RECONNECT);
    } else if (verdict === "live") {
      this.resume();
    } else if (verdict === "unknown") {
      this.close("unknown", SLOW);
    } else {
      this.close(this.goneOrNotYet(), WAITING);
    }
  }

  private resume(): void {
    this.loadFailed = false;
    const now = performance.now();
    if (now - this.resumedAtMs < RESUME_HELPS_MS || !this.hadPicture) {
      this.reopen();
      return;
    }
    this.resumedAtMs = now;
    this.current?.resume();
    this.poll.later(PLAYING);
  }

  private askAgain(): void {
    if (!this.isHealthy()) {
      this.poll.later(WAITING);
    } else if (this.followStatus) {
      this.poll.restart();
      this.poll.later(PLAYING);
    }
  }

  private goneOrNotYet(): Phase {
    return this.everPlayed ? "ended" : "offline";
  }

  private openIfPlayable(status: StreamStatus): void {
    const hls = hlsIsSupported();
    this.unplayable = findUnplayable(status, browserSupports());
    if (this.unplayable || (!hls && !nativeIsSupported())) {
      this.reason = this.unplayable ? "" : "no HLS";
      this.wait("unsupported", SLOW);
    } else {
      this.open();
    }
  }

  private open(): void {
    this.current?.destroy();
    this.over = false;
    this.loadFailed = false;
    this.hadPicture = false;
    this.starvedAtMs = null;
    this.poll.restart();
    this.openedAtMs = performance.now();
    this.stall.reset(this.openedAtMs);
    const url = playlistUrl(this.location);
    this.current = hlsIsSupported()
      ? new HlsSource(this.video, url, this.lowLatency, this.recovery, this)
      : new NativeSource(this.video, url, this.recovery, this);
    // After a wait the words stay until there is a picture; anything shorter would only flicker.
    if (this.phase !== "offline" && this.phase !== "ended") {
      this.setPhase(this.vainOpens < MAX_VAIN_OPENS ? "connecting" : "failed");
    }
    if (this.wantsPlay) void this.play();
    if (this.followStatus) this.poll.later(PLAYING);
  }

  /** Starts anew, after a pause that grows while it is in vain. */
  private reopen(): void {
    this.vainOpens += 1;
    const phase = this.vainOpens < MAX_VAIN_OPENS ? "connecting" : "failed";
    this.close(phase, RECONNECT, this.vainOpens - 1);
  }

  private close(phase: Phase, backoff: Backoff, attempt = 0): void {
    this.current?.destroy();
    this.current = null;
    this.loadFailed = false;
    this.poll.restart(attempt);
    this.setPhase(phase);
    this.poll.later(backoff);
  }

  private wait(phase: Phase, backoff: Backoff): void {
    if (phase !== this.phase) this.poll.restart();
    if (phase !== "unreachable") this.vainOpens = 0;
    this.setPhase(phase);
    this.poll.later(backoff);
  }

  private onPicture(): void {
    if (!this.current) return;
    this.hadPicture = true;
    this.everPlayed = true;
    this.vainOpens = 0;
    this.reason = "";
    this.stall.reset(performance.now());
    this.tick();
  }

  private tick(): void {
    if (!this.current) return;
    const now = performance.now();
    if (this.video.paused && !this.video.ended) {
      this.whilePaused(now);
    } else if (!this.hadPicture) {
      if (now - this.openedAtMs > START_MS) this.reopen();
    } else {
      this.whilePlaying(now, this.current);
    }
  }

  private whilePaused(now: number): void {
    this.stall.reset(now);
    // Until there is something to show, a paused video is one that has not started yet.
    const ready = this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    if (ready) this.setPhase("paused");
    else if (!this.hadPicture && now - this.openedAtMs > START_MS) this.reopen();
  }

  private whilePlaying(now: number, source: Source): void {
    const hasPictures = this.video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    const motion = this.stall.observe(this.video.currentTime, hasPictures, now);
    if (motion === "moving" && !this.video.ended) {
      this.starvedAtMs = null;
      // Whoever was live before an interruption is live after it.
      if (this.phase !== "playing" && this.phase !== "paused" && this.atLive) this.catchUp();
      this.setPhase("playing");
      this.atLive = !isBehind(source);
      return;
    }
    if (this.over) {
      this.close("ended", WAITING);
      return;
    }
    const starved = source.isStarved();
    this.starvedAtMs = starved ? (this.starvedAtMs ?? now) : null;
    const wasHealthy = this.isHealthy();
    if (this.loadFailed) this.setPhase("unreachable");
    else this.setPhase(starved ? "interrupted" : "buffering");
    if (wasHealthy && !this.loadFailed) void this.poll.now();
    const tooLong = this.starvedAtMs === null ? motion === "stuck" : now - this.starvedAtMs > STARVED_MS;
    if (tooLong && !this.loadFailed) this.reopen();
  }

  private isHealthy(): boolean {
    return this.phase === "playing" || this.phase === "paused";
  }

  private setPhase(phase: Phase): void {
    if (phase === this.phase) return;
    this.phase = phase;
    this.announce();
  }

  private announce(): void {
    const deviceOffline = navigator.onLine === false;
    const { status, unplayable, reason } = this;
    this.listener.onPhase(this.phase, { status, unplayable, deviceOffline, reason });
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotAllowedError";
}
