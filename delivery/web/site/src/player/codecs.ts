import type { StreamStatus } from "../lib/api";
import type { Unplayable } from "./state";

/** Whether a browser plays a MIME type with codecs. */
export type Supports = (mimeType: string) => boolean;

/** This browser's own answer, by the interface that will be used. */
export function browserSupports(): Supports {
  const source = globalThis.MediaSource ?? managedMediaSource();
  if (source) return (mimeType) => source.isTypeSupported(mimeType);
  const video = document.createElement("video");
  return (mimeType) => video.canPlayType(mimeType) !== "";
}

/** iPhone's variant of Media Source Extensions. */
export function managedMediaSource(): typeof MediaSource | undefined {
  return (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
}

/** The first track of the stream that this browser cannot play, by the server's description. */
export function findUnplayable(status: StreamStatus, supports: Supports): Unplayable | null {
  const { video, audio } = status;
  if (video && video.codecString !== "" && !supports(`video/mp4; codecs="${video.codecString}"`)) {
    return { kind: "video", codec: named(video.codec, video.codecString) };
  }
  if (audio && audio.codecString !== "" && !supports(`audio/mp4; codecs="${audio.codecString}"`)) {
    return { kind: "audio", codec: named(audio.codec, audio.codecString) };
  }
  return null;
}

function named(codec: string, codecString: string): string {
  return `${codec} (${codecString})`;
}
