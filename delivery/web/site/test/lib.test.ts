import { describe, expect, it } from "vitest";
import { parseLiveList, parseStatus } from "../src/lib/api";
import { bitrate, clock, since, watching } from "../src/lib/format";
import { parseLocation, playlistUrl, statusUrl } from "../src/lib/path";

describe("format", () => {
  it("writes running times", () => {
    expect([0, 7.9, 750, 11109].map(clock)).toEqual(["0:00", "0:07", "12:30", "3:05:09"]);
    expect([30, 300, 7200, 7854, 400000].map(since)).toEqual(["just now", "5 min", "2 h", "2 h 10 min", "4 days"]);
  });

  it("writes counts and rates", () => {
    expect([watching(0), watching(1), watching(12345)]).toEqual([
      "0 people watching",
      "1 person watching",
      "12,345 people watching",
    ]);
    expect([bitrate(640_000), bitrate(4_200_000)]).toEqual(["640 kbit/s", "4.2 Mbit/s"]);
  });
});

describe("parseLocation", () => {
  it("reads the stream of a page, below a proxy's prefix too", () => {
    const plain = parseLocation("/watch/abc-1_Z");
    expect(plain).toEqual({ prefix: "", id: "abc-1_Z" });
    expect(plain && playlistUrl(plain)).toBe("/live/abc-1_Z/index.m3u8");
    const below = parseLocation("/tv/embed/x/");
    expect(below && statusUrl(below)).toBe("/tv/live/x/status.json");
  });

  it("refuses what is no stream's id", () => {
    for (const path of ["/", "/watch/", "/watch/a b", "/watch/../x", "/watch/%2e", `/watch/${"x".repeat(37)}`]) {
      expect(parseLocation(path)).toBeNull();
    }
  });
});

describe("documents of the server", () => {
  it("are read as they are meant", () => {
    const status = parseStatus({
      id: "x",
      title: "T",
      state: "live",
      startedAt: "2026-01-01T00:00:00Z",
      viewers: 3,
      video: { codec: "H.264", codecString: "avc1.640028", width: 1280, height: 720, frameRate: 30 },
      audio: null,
      advice: ["Do this."],
    });
    expect(status.video?.codecString).toBe("avc1.640028");
    expect(status.audio).toBeNull();
    expect(status.advice).toEqual(["Do this."]);
  });

  it("do no harm when they are broken", () => {
    for (const broken of [null, 7, "x", [], {}, { streams: 7, state: 1, advice: "x", video: 3 }]) {
      expect(parseLiveList(broken).streams).toEqual([]);
      expect(parseStatus(broken).state).toBe("unknown");
    }
    const list = parseLiveList({ streams: [null, { id: "a" }, { id: 7, title: "no id" }] });
    expect(list.streams).toEqual([{ id: "a", title: "Untitled stream", startedAt: null, viewers: 0 }]);
  });
});
