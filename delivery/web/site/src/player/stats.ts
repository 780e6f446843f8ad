import { el, setText } from "../lib/dom";
import { bitrate, count, seconds } from "../lib/format";
import type { StreamStatus } from "../lib/api";
import type { Source } from "./source";

const DASH = "–";
// A larger gap between the viewer's clock and the server's says nothing about the stream.
const CLOCK_TRUST_S = 120;

/** The table of figures over the picture, for the curious and for bug reports. */
export class Stats {
  readonly element: HTMLElement;
  private readonly values = new Map<string, HTMLElement>();
  private lastFrames = 0;
  private lastAtMs = 0;

  constructor(private readonly video: HTMLVideoElement) {
    this.element = el("dl", { class: "stats", "aria-label": "Playback figures", hidden: true });
  }

  /** Fills the table anew. */
  update(source: Source | null, status: StreamStatus | null, stalls: number): void {
    const figures = source?.figures(Date.now()) ?? null;
    this.set("Delivery", figures?.mode ?? DASH);
    this.set("Behind live", seconds0(source?.latency()));
    this.set("Aims at", seconds0(source?.targetLatency()));
    this.set("Behind the server's clock", clockText(source));
    this.set("Buffer", seconds(this.buffered()));
    this.set("Picture", this.picture());
    this.set("Frames dropped", this.dropped());
    this.set("Bit rate", figures?.mediaBitrate ? bitrate(figures.mediaBitrate) : DASH);
    this.set("Connection", figures?.bandwidth ? bitrate(figures.bandwidth) : DASH);
    this.set("Codecs", figures?.codecs ?? codecsOf(status) ?? DASH);
    this.set("Stalls", count(stalls));
  }

  private set(name: string, value: string): void {
    let cell = this.values.get(name);
    if (!cell) {
      cell = el("dd");
      this.values.set(name, cell);
      this.element.append(el("dt", {}, name), cell);
    }
    setText(cell, value);
  }

  private buffered(): number {
    const { buffered, currentTime } = this.video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (currentTime >= buffered.start(i) - 0.1 && currentTime <= buffered.end(i)) {
        return buffered.end(i) - currentTime;
      }
    }
    return 0;
  }

  private picture(): string {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth === 0) return DASH;
    const fps = this.framesPerSecond();
    return `${videoWidth} × ${videoHeight}${fps === null ? "" : ` at ${fps} fps`}`;
  }

  private framesPerSecond(): number | null {
    const now = performance.now();
    const frames = this.video.getVideoPlaybackQuality().totalVideoFrames;
    const elapsed = (now - this.lastAtMs) / 1000;
    const rate = (frames - this.lastFrames) / elapsed;
    this.lastFrames = frames;
    this.lastAtMs = now;
    return elapsed < 5 && rate > 0 ? Math.round(rate) : null;
  }

  private dropped(): string {
    const { droppedVideoFrames, totalVideoFrames } = this.video.getVideoPlaybackQuality();
    return `${count(droppedVideoFrames)} of ${count(totalVideoFrames)}`;
  }
}

function seconds0(value: number | null | undefined): string {
  return value === null || value === undefined ? DASH : seconds(value);
}

function clockText(source: Source | null): string {
  const value = source?.clockLatency(Date.now()) ?? null;
  if (value === null) return DASH;
  return value < 0 || value > CLOCK_TRUST_S ? "clocks differ" : seconds(value);
}

function codecsOf(status: StreamStatus | null): string | null {
  const codecs = [status?.video?.codecString, status?.audio?.codecString].filter((codec) => codec);
  return codecs.length > 0 ? codecs.join(", ") : null;
}
