import type { StreamStatus } from "../lib/api";

/** What a viewer experiences; every moment of a player is exactly one of these. */
export type Phase =
  /** The first answer or the first picture is on its way. */
  | "connecting"
  /** Pictures move. */
  | "playing"
  /** The viewer paused, or the browser did not let it start. */
  | "paused"
  /** The viewer's connection does not keep up. */
  | "buffering"
  /** The broadcaster's media stopped coming; the stream may go on. */
  | "interrupted"
  /** The stream exists and nobody publishes it. */
  | "offline"
  /** It was live in this player and is over. */
  | "ended"
  /** No stream has this id. */
  | "unknown"
  /** The server does not answer. */
  | "unreachable"
  /** This browser cannot decode the stream. */
  | "unsupported"
  /** Playback failed again and again. */
  | "failed";

/** What a phase looks like over the picture. */
export interface Notice {
  readonly title: string;
  readonly detail: string;
  /** The server's sentences on what the broadcaster can do. */
  readonly advice: readonly string[];
  /** Something is going on: show that it moves. */
  readonly busy: boolean;
  /** Offer to try again at once. */
  readonly retry: boolean;
}

/** A codec of the stream that this browser does not play. */
export interface Unplayable {
  readonly kind: "video" | "audio";
  readonly codec: string;
}

/** What the words depend on beside the phase. */
export interface Context {
  readonly status: StreamStatus | null;
  readonly unplayable: Unplayable | null;
  /** The browser says that the device has no network. */
  readonly deviceOffline: boolean;
  /** A short technical reason, for the person who is asked to help. */
  readonly reason: string;
}

const QUIET = { advice: [], busy: false, retry: false } as const;

/** The words for a phase; `null` when the picture speaks for itself. */
export function describe(phase: Phase, context: Context): Notice | null {
  switch (phase) {
    case "playing":
    case "paused":
      return null;
    case "connecting":
      return { ...QUIET, title: "Connecting…", detail: "", busy: true };
    case "buffering":
      return { ...QUIET, title: "Buffering…", detail: "", busy: true };
    case "interrupted":
      return {
        ...QUIET,
        title: "The broadcast was interrupted",
        detail: "It goes on here as soon as the broadcaster is back.",
        busy: true,
      };
    case "offline":
      return {
        ...QUIET,
        title: "Not live yet",
        detail: "Nobody is broadcasting right now. This page starts by itself when the stream does.",
        busy: true,
      };
    case "ended":
      return {
        ...QUIET,
        title: "The stream has ended",
        detail: "If the broadcaster comes back, it starts again here by itself.",
      };
    case "unknown":
      return {
        ...QUIET,
        title: "There is no such stream",
        detail: "The address may be mistyped, or the stream was removed.",
        retry: true,
      };
    case "unreachable":
      return unreachable(context);
    case "unsupported":
      return unsupported(context);
    case "failed":
      return {
        ...QUIET,
        title: "Playback failed",
        detail: `The browser could not play the stream${inBrackets(context.reason)}. It is tried again in a moment.`,
        advice: context.status?.advice ?? [],
        retry: true,
      };
  }
}

function unreachable(context: Context): Notice {
  const whose = context.deviceOffline
    ? { title: "You are offline", detail: "This device has no network connection. Trying again as soon as there is one." }
    : { title: "No connection to the server", detail: "The server does not answer. Trying again…" };
  return { ...QUIET, ...whose, busy: true, retry: true };
}

function unsupported(context: Context): Notice {
  const { unplayable, status } = context;
  const what = unplayable
    ? `This stream's ${unplayable.kind} is ${unplayable.codec}, which this browser does not play.`
    : `This browser does not play this stream's format${inBrackets(context.reason)}.`;
  return {
    ...QUIET,
    title: "This browser cannot play the stream",
    detail: `${what} Another browser or a player such as VLC or mpv may.`,
    advice: status?.advice ?? [],
    retry: true,
  };
}

function inBrackets(reason: string): string {
  return reason === "" ? "" : ` (${reason})`;
}
