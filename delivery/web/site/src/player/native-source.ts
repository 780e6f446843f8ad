import type { Recovery } from "./recovery";
import type { Level, Source, SourceFigures, SourceListener } from "./source";

/** Whether the browser plays HLS without help (Safari). */
export function nativeIsSupported(): boolean {
  return document.createElement("video").canPlayType("application/vnd.apple.mpegurl") !== "";
}

/** A stream's playlist through the browser's own HLS player. */
export class NativeSource implements Source {
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    private readonly recovery: Recovery,
    private readonly listener: SourceListener,
  ) {
    video.addEventListener("error", this.onError);
    video.addEventListener("ended", this.onEnded);
    video.src = url;
    video.load();
  }

  latency(): number | null {
    const edge = this.livePosition();
    return edge === null ? null : Math.max(0, edge - this.video.currentTime);
  }

  targetLatency(): number | null {
    return null;
  }

  clockLatency(nowMs: number): number | null {
    const start = (this.video as { getStartDate?: () => Date }).getStartDate?.().getTime();
    if (start === undefined || Number.isNaN(start)) return null;
    return (nowMs - start) / 1000 - this.video.currentTime;
  }

  livePosition(): number | null {
    const { seekable } = this.video;
    return seekable.length > 0 ? seekable.end(seekable.length - 1) : null;
  }

  isStarved(): boolean {
    return false;
  }

  levels(): readonly Level[] {
    return [];
  }

  chosenLevel(): number {
    return -1;
  }

  chooseLevel(): void {
    // The browser alone chooses here, and `levels` offers nothing else.
  }

  figures(): SourceFigures {
    return { mode: "HLS by the browser", mediaBitrate: null, bandwidth: null, codecs: null };
  }

  resume(): void {
    this.video.src = this.url;
    this.video.load();
  }

  destroy(): void {
    this.video.removeEventListener("error", this.onError);
    this.video.removeEventListener("ended", this.onEnded);
    this.video.removeAttribute("src");
    this.video.load();
  }

  private readonly onEnded = (): void => this.listener.onEnd(false);

  private readonly onError = (): void => {
    const error = this.video.error;
    if (!error) return;
    const reason = error.message || `media error ${error.code}`;
    // "Not supported" is also what a playlist that is gone looks like: ask the server first.
    if (error.code === MediaError.MEDIA_ERR_DECODE) {
      const remedy = this.recovery.onMediaError(performance.now());
      this.listener.onFailure({ kind: remedy === "recover" ? "reattach" : remedy, reason });
    } else {
      this.listener.onFailure({ kind: "network", reason });
    }
  };
}
