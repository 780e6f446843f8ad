/** A rendition that the viewer can choose. */
export interface Level {
  readonly index: number;
  readonly label: string;
}

/** Why a source cannot go on. */
export type Failure =
  /** The server did not answer, or refused a file that should be there. */
  | { readonly kind: "network"; readonly reason: string }
  /** The browser lacks the decoder. */
  | { readonly kind: "codec"; readonly reason: string }
  /** A broken decoder or buffer: start anew. */
  | { readonly kind: "reattach"; readonly reason: string }
  /** Starting anew did not help. */
  | { readonly kind: "give-up"; readonly reason: string };

/** What a source tells its session. */
export interface SourceListener {
  /** The list of renditions is known or changed. */
  onLevels(): void;
  /** The playlist says that nothing more will come; `fresh` when it said so from the start. */
  onEnd(fresh: boolean): void;
  onFailure(failure: Failure): void;
}

/** Figures for the readout; `null` where a source does not know. */
export interface SourceFigures {
  /** How the media come, such as `LL-HLS`. */
  readonly mode: string;
  /** Bits a second of media, as measured over the last seconds. */
  readonly mediaBitrate: number | null;
  /** Bits a second that the network would give. */
  readonly bandwidth: number | null;
  /** RFC 6381 names. */
  readonly codecs: string | null;
}

// Further behind than the aim by this much is not live any more.
const BEHIND_S = 3;
const AIM_S = 3;

/** Whether the playhead is so far back that the viewer does not see what is live. */
export function isBehind(source: Source): boolean {
  const latency = source.latency();
  return latency !== null && latency > (source.targetLatency() ?? AIM_S) + BEHIND_S;
}

/** Something that feeds a video element from a stream's playlist. */
export interface Source {
  /** Seconds behind the newest media that the server offers. */
  latency(): number | null;
  /** Seconds behind that the player aims at. */
  targetLatency(): number | null;
  /** Seconds from capture to picture by the server's clock; needs both clocks to agree. */
  clockLatency(nowMs: number): number | null;
  /** Where to jump to be live, in seconds of the video's timeline. */
  livePosition(): number | null;
  /** No new media were announced for longer than a live stream leaves between two. */
  isStarved(): boolean;
  levels(): readonly Level[];
  /** The chosen level's index, or -1 for automatic. */
  chosenLevel(): number;
  chooseLevel(index: number): void;
  figures(nowMs: number): SourceFigures;
  /** Goes on loading after a network failure. */
  resume(): void;
  destroy(): void;
}
