import { describe as group, expect, it } from "vitest";
import { type StreamStatus, parseStatus } from "../src/lib/api";
import { findUnplayable } from "../src/player/codecs";
import { LoopGuard } from "../src/player/loop";
import { BitrateMeter } from "../src/player/meter";
import { verdictOf } from "../src/player/poll";
import { readOptions } from "../src/player/query";
import { Recovery } from "../src/player/recovery";
import { type Actions, KEYS, actionFor } from "../src/player/shortcuts";
import { StallWatch } from "../src/player/stall";
import { type Context, type Phase, describe } from "../src/player/state";

const status: StreamStatus = parseStatus({
  id: "x",
  state: "live",
  video: { codec: "H.264", codecString: "avc1.7a001f" },
  audio: { codec: "AAC", codecString: "mp4a.40.2" },
  advice: ["Add -pix_fmt yuv420p."],
});
const context: Context = { status, unplayable: null, deviceOffline: false, reason: "" };

group("the words over the picture", () => {
  it("are none while pictures move or the viewer paused", () => {
    expect(describe("playing", context)).toBeNull();
    expect(describe("paused", context)).toBeNull();
  });

  it("exist for every other phase", () => {
    const phases: Phase[] = [
      "connecting", "buffering", "interrupted", "offline", "ended", "unknown", "unreachable", "unsupported", "failed",
    ];
    const titles = phases.map((phase) => describe(phase, context)?.title);
    expect(new Set(titles).size).toBe(phases.length);
  });

  it("name the codec that the browser lacks, and the server's advice", () => {
    const unplayable = findUnplayable(status, (mime) => !mime.includes("avc1.7a"));
    const notice = describe("unsupported", { ...context, unplayable });
    expect(notice?.detail).toContain("video is H.264 (avc1.7a001f)");
    expect(notice?.advice).toEqual(["Add -pix_fmt yuv420p."]);
  });

  it("tell a device without network from a server that is away", () => {
    expect(describe("unreachable", { ...context, deviceOffline: true })?.title).toBe("You are offline");
    expect(describe("unreachable", context)?.title).toBe("No connection to the server");
  });
});

group("findUnplayable", () => {
  it("finds nothing in what plays or is not told", () => {
    expect(findUnplayable(status, () => true)).toBeNull();
    expect(findUnplayable(parseStatus({ video: { codec: "H.264" } }), () => false)).toBeNull();
  });

  it("finds the sound when only that does not play", () => {
    expect(findUnplayable(status, (mime) => mime.startsWith("video"))?.kind).toBe("audio");
  });
});

group("Recovery", () => {
  it("resets the decoder, then starts anew, then gives up", () => {
    const recovery = new Recovery();
    const remedies = [0, 100, 200, 300, 400].map((now) => recovery.onMediaError(now));
    expect(remedies).toEqual(["recover", "reattach", "reattach", "reattach", "give-up"]);
  });

  it("forgets errors of long ago", () => {
    const recovery = new Recovery();
    recovery.onMediaError(0);
    expect(recovery.onMediaError(31_000)).toBe("recover");
  });
});

group("StallWatch", () => {
  it("tells a short stop from a long one", () => {
    const watch = new StallWatch();
    watch.reset(0);
    expect(watch.observe(1, true, 0)).toBe("moving");
    expect(watch.observe(1.2, true, 5000)).toBe("moving");
    expect(watch.observe(1.2, true, 5600)).toBe("moving");
    expect(watch.observe(1.2, true, 5800)).toBe("slow");
    expect(watch.observe(1.2, true, 13_100)).toBe("stuck");
    expect(watch.observe(1.3, true, 13_200)).toBe("moving");
  });

  it("is not fooled by a nudge without pictures", () => {
    const watch = new StallWatch();
    watch.reset(0);
    watch.observe(1, true, 0);
    expect(watch.observe(1.1, false, 900)).toBe("slow");
    expect(watch.observe(1.2, false, 9000)).toBe("stuck");
  });
});

group("BitrateMeter", () => {
  it("counts recent bytes per second of media", () => {
    const meter = new BitrateMeter();
    expect(meter.bitsPerSecond(0)).toBeNull();
    meter.add(0, 1_000_000, 1);
    for (const now of [10_000, 11_000]) meter.add(now, 125_000, 1);
    expect(meter.bitsPerSecond(11_000)).toBe(1_000_000);
  });
});

group("LoopGuard", () => {
  it("notices the same pieces coming over and over", () => {
    const guard = new LoopGuard();
    const rounds = Array.from({ length: 9 }, () => ["a", "b", "c"].map((url) => guard.isLooping(url, 0)));
    expect(rounds.slice(0, 8).flat()).not.toContain(true);
    expect(rounds[8]).toEqual([true, true, true]);
  });

  it("lets a stream go on for ever", () => {
    const guard = new LoopGuard();
    for (let i = 0; i < 10_000; i += 1) expect(guard.isLooping("track.mp4", i * 100)).toBe(false);
  });
});

group("verdictOf", () => {
  it("takes a refused id for an unknown stream and anything else for no answer", () => {
    expect(verdictOf({ kind: "ok", value: status })).toBe("live");
    expect(verdictOf({ kind: "refused", status: 404 })).toBe("unknown");
    expect(verdictOf({ kind: "refused", status: 429 })).toBe("unreachable");
    expect(verdictOf({ kind: "unreachable" })).toBe("unreachable");
  });
});

group("readOptions", () => {
  it("has defaults and reads what an address asks for", () => {
    expect(readOptions("")).toEqual({ autoplay: true, sound: false, lowLatency: null });
    expect(readOptions("?autoplay=0&muted=0&latency=normal")).toEqual({
      autoplay: false,
      sound: true,
      lowLatency: false,
    });
  });
});

group("the keyboard", () => {
  it("does what the help says, and nothing on other keys", () => {
    const done: string[] = [];
    const note = (name: string) => () => void done.push(name);
    const actions: Actions = {
      togglePlay: note("play"),
      toggleMute: note("mute"),
      toggleFullscreen: note("full"),
      togglePip: note("pip"),
      toggleStats: note("stats"),
      goLive: note("live"),
      seekBy: (by) => void done.push(`seek ${by}`),
      volumeBy: (by) => void done.push(`volume ${by}`),
      showHelp: note("help"),
    };
    const keys = [" ", "K", "m", "ArrowUp", "ArrowLeft", "l", "f", "p", "i", "?"];
    for (const key of keys) actionFor(key, actions)?.();
    expect(done).toEqual(["play", "play", "mute", "volume 0.1", "seek -5", "live", "full", "pip", "stats", "help"]);
    expect(KEYS).toHaveLength(9);
    expect(actionFor("x", actions)).toBeNull();
  });
});
