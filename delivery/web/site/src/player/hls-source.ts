import Hls, { type ErrorData, type HlsConfig, type LoadPolicy } from "hls.js";

import { bitrate } from "../lib/format";
import { LoopGuard } from "./loop";
import { BitrateMeter } from "./meter";
import type { Recovery } from "./recovery";
import type { Failure, Level, Source, SourceFigures, SourceListener } from "./source";

// Two reports of one decoder error come as a pair: hls.js's and the video element's.
const SAME_ERROR_MS = 400;

/** Whether hls.js can play in this browser (Media Source Extensions, managed or not). */
export function hlsIsSupported(): boolean {
  return Hls.isSupported();
}

/** A stream's playlist through hls.js. */
export class HlsSource implements Source {
  private readonly hls: Hls;
  private readonly meter = new BitrateMeter();
  private readonly loop = new LoopGuard();
  private playlists = 0;
  private ended = false;
  private destroyed = false;
  private mediaErrorAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly video: HTMLVideoElement,
    url: string,
    lowLatency: boolean,
    private readonly recovery: Recovery,
    private readonly listener: SourceListener,
  ) {
    this.hls = new Hls(config(lowLatency));
    this.hls.on(Hls.Events.MANIFEST_PARSED, () => listener.onLevels());
    this.hls.on(Hls.Events.LEVELS_UPDATED, () => listener.onLevels());
    this.hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => this.onPlaylist(details.live));
    this.hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, part }) => {
      if (frag.sn === "initSegment") return;
      const piece = part ?? frag;
      if (this.loop.isLooping(piece.url ?? "", piece.byteRangeStartOffset ?? 0)) {
        this.onMediaError("the same media again and again", false);
        return;
      }
      this.meter.add(performance.now(), piece.stats.loaded, piece.duration / this.tracks());
    });
    this.hls.on(Hls.Events.ERROR, (_event, data) => {
      if (data.fatal) this.onFatal(data);
      else if (data.details === Hls.ErrorDetails.LEVEL_EMPTY_ERROR) this.onNothingYet();
    });
    video.addEventListener("error", this.onVideoError);
    this.hls.loadSource(url);
    this.hls.attachMedia(video);
  }

  latency(): number | null {
    return this.hls.latestLevelDetails?.live ? this.hls.latency : null;
  }

  targetLatency(): number | null {
    return this.hls.targetLatency;
  }

  clockLatency(nowMs: number): number | null {
    const date = this.hls.playingDate;
    return date ? (nowMs - date.getTime()) / 1000 : null;
  }

  livePosition(): number | null {
    return this.hls.liveSyncPosition;
  }

  isStarved(): boolean {
    const details = this.hls.latestLevelDetails;
    if (!details?.live) return false;
    const parts = this.hls.lowLatencyMode ? details.partTarget : 0;
    const patience = parts > 0 ? Math.max(1.5, parts * 5) : details.targetduration * 2;
    return details.age > patience;
  }

  levels(): readonly Level[] {
    return this.hls.levels.map((level, index) => ({
      index,
      label: level.height > 0 ? `${level.height}p · ${bitrate(level.bitrate)}` : bitrate(level.bitrate),
    }));
  }

  chosenLevel(): number {
    return this.hls.autoLevelEnabled ? -1 : this.hls.loadLevel;
  }

  chooseLevel(index: number): void {
    this.hls.nextLevel = index;
  }

  figures(): SourceFigures {
    const level = this.hls.levels[this.hls.currentLevel];
    const codecs = [level?.videoCodec, level?.audioCodec].filter((codec) => codec).join(", ");
    const parts = this.hls.lowLatencyMode && (this.hls.latestLevelDetails?.partTarget ?? 0) > 0;
    return {
      mode: parts ? "LL-HLS" : "HLS",
      mediaBitrate: this.meter.bitsPerSecond(performance.now()),
      bandwidth: this.hls.bandwidthEstimate || null,
      codecs: codecs || null,
    };
  }

  resume(): void {
    this.hls.startLoad();
  }

  destroy(): void {
    this.destroyed = true;
    this.video.removeEventListener("error", this.onVideoError);
    this.hls.destroy();
  }

  /** Tracks that are loaded as files of their own: a second of playing takes a second of each. */
  private tracks(): number {
    return this.hls.audioTracks.some((track) => track.url) ? 2 : 1;
  }

  private onPlaylist(live: boolean): void {
    this.playlists += 1;
    if (live || this.ended) return;
    this.ended = true;
    const fresh = this.playlists === 1;
    queueMicrotask(() => {
      if (!this.destroyed) this.listener.onEnd(fresh);
    });
  }

  private readonly onVideoError = (): void => {
    const reason = this.video.error?.message || "decoder error";
    if (this.video.error) this.onMediaError(reason, true);
  };

  /** A playlist without media: the stream has just begun. Waiting inside hls.js would part its tracks. */
  private onNothingYet(): void {
    this.fail({ kind: "network", reason: "no media yet" });
  }

  private onFatal(data: ErrorData): void {
    const reason = data.response?.code ? `${data.details}, ${data.response.code}` : data.details;
    if (isCodecError(data)) this.fail({ kind: "codec", reason });
    else if (data.type === Hls.ErrorTypes.NETWORK_ERROR) this.fail({ kind: "network", reason });
    else this.onMediaError(reason, data.type === Hls.ErrorTypes.MEDIA_ERROR);
  }

  private onMediaError(reason: string, recoverable: boolean): void {
    const now = performance.now();
    if (now - this.mediaErrorAtMs < SAME_ERROR_MS) return;
    this.mediaErrorAtMs = now;
    const remedy = this.recovery.onMediaError(now);
    if (remedy === "recover" && recoverable) this.hls.recoverMediaError();
    else this.fail({ kind: remedy === "recover" ? "reattach" : remedy, reason });
  }

  /** Tells the session, which may destroy us, only when hls.js is done with what it is doing. */
  private fail(failure: Failure): void {
    queueMicrotask(() => {
      if (!this.destroyed) this.listener.onFailure(failure);
    });
  }
}

function isCodecError(data: ErrorData): boolean {
  const { ErrorDetails } = Hls;
  return (
    data.details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
    data.details === ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR ||
    data.details === ErrorDetails.BUFFER_ADD_CODEC_ERROR
  );
}

function config(lowLatency: boolean): Partial<HlsConfig> {
  return {
    lowLatencyMode: lowLatency,
    // Our segments are fMP4 already: there is too little to do to be worth a worker and its policy.
    enableWorker: false,
    liveDurationInfinity: true,
    backBufferLength: 30,
    maxBufferLength: 20,
    // Makes up for a stall slowly enough not to be heard.
    maxLiveSyncPlaybackRate: lowLatency ? 1.1 : 1,
    // A stall is as often the broadcaster's as the network's: grow the distance in small steps.
    liveSyncOnStallIncrease: 0.3,
    capLevelToPlayerSize: true,
    manifestLoadPolicy: policy(1, 8000),
    playlistLoadPolicy: policy(4, 12_000),
    fragLoadPolicy: policy(4, 10_000),
  };
}

/** Retries that hls.js makes on its own; after them the session asks the server what is going on. */
function policy(retries: number, firstByteMs: number): LoadPolicy {
  const retry = { maxNumRetry: retries, retryDelayMs: 300, maxRetryDelayMs: 2000 };
  return {
    default: {
      maxTimeToFirstByteMs: firstByteMs,
      maxLoadTimeMs: 30_000,
      timeoutRetry: retry,
      errorRetry: {
        ...retry,
        // A refused connection has no status; hls.js itself would not try again.
        shouldRetry: (_config, tries, _timeout, response, retryAnyway) =>
          retryAnyway || (tries < retries && (response?.code ?? 0) === 0),
      },
    },
  };
}
