/** One entry of `/live.json`. */
export interface LiveStream {
  readonly id: string;
  readonly title: string;
  readonly startedAt: string | null;
  readonly viewers: number;
}

/** `/live.json`. `rtmpUrl` is where to publish, when the server tells. */
export interface LiveList {
  readonly streams: readonly LiveStream[];
  readonly rtmpUrl: string | null;
}

export interface VideoStatus {
  readonly codec: string;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly frameRate: number | null;
}

export interface AudioStatus {
  readonly codec: string;
  readonly codecString: string;
  readonly sampleRate: number;
  readonly channels: number;
}

/** `/live/ID/status.json`. */
export interface StreamStatus {
  readonly id: string;
  readonly title: string;
  readonly state: "live" | "offline" | "unknown";
  readonly startedAt: string | null;
  readonly viewers: number;
  readonly video: VideoStatus | null;
  readonly audio: AudioStatus | null;
  readonly advice: readonly string[];
}

/** What came of a request: a document, a refusal by the server, or no answer at all. */
export type Fetched<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "unreachable" };

const TIMEOUT_MS = 8000;
const MAX_ADVICE = 8;

/** Fetches a JSON document and reads it with `parse`, which never throws. */
export async function fetchJson<T>(url: string, parse: (json: unknown) => T): Promise<Fetched<T>> {
  try {
    const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) {
      return response.status >= 500
        ? { kind: "unreachable" }
        : { kind: "refused", status: response.status };
    }
    return { kind: "ok", value: parse(await response.json()) };
  } catch {
    return { kind: "unreachable" };
  }
}

export function parseLiveList(json: unknown): LiveList {
  const list = record(json);
  const streams = Array.isArray(list["streams"]) ? list["streams"] : [];
  return {
    streams: streams.map(parseLiveStream).filter((stream) => stream.id !== ""),
    rtmpUrl: textOrNull(list["rtmpUrl"]),
  };
}

function parseLiveStream(json: unknown): LiveStream {
  const stream = record(json);
  return {
    id: text(stream["id"]),
    title: text(stream["title"]) || "Untitled stream",
    startedAt: textOrNull(stream["startedAt"]),
    viewers: number(stream["viewers"]) ?? 0,
  };
}

export function parseStatus(json: unknown): StreamStatus {
  const status = record(json);
  const state = status["state"];
  const advice = Array.isArray(status["advice"]) ? status["advice"] : [];
  return {
    id: text(status["id"]),
    title: text(status["title"]),
    state: state === "live" || state === "offline" ? state : "unknown",
    startedAt: textOrNull(status["startedAt"]),
    viewers: number(status["viewers"]) ?? 0,
    video: parseVideo(status["video"]),
    audio: parseAudio(status["audio"]),
    advice: advice.map(text).filter((line) => line !== "").slice(0, MAX_ADVICE),
  };
}

function parseVideo(json: unknown): VideoStatus | null {
  if (json === null || json === undefined) return null;
  const video = record(json);
  return {
    codec: text(video["codec"]) || "unknown",
    codecString: text(video["codecString"]),
    width: number(video["width"]) ?? 0,
    height: number(video["height"]) ?? 0,
    frameRate: number(video["frameRate"]),
  };
}

function parseAudio(json: unknown): AudioStatus | null {
  if (json === null || json === undefined) return null;
  const audio = record(json);
  return {
    codec: text(audio["codec"]) || "unknown",
    codecString: text(audio["codecString"]),
    sampleRate: number(audio["sampleRate"]) ?? 0,
    channels: number(audio["channels"]) ?? 0,
  };
}

function record(json: unknown): Record<string, unknown> {
  return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
}

function text(json: unknown): string {
  return typeof json === "string" ? json : "";
}

function textOrNull(json: unknown): string | null {
  return text(json) || null;
}

function number(json: unknown): number | null {
  return typeof json === "number" && Number.isFinite(json) ? json : null;
}
