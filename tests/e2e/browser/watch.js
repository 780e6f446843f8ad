// Opens a page with a video in Chromium and tells, a line of JSON at a time, what it shows.
//
// usage: node watch.js '{"url": ..., "chromium": ..., "profile": ..., "everyMs": 200}'
//
// Lines: {"kind": "sample", ...} every everyMs, {"kind": "console" | "pageerror" | "response", "text": ...}
// as they come. Ends when its standard input does.

import { readFile } from "node:fs/promises";

import { chromium } from "playwright-core";

/** The size in which pictures are read: as small as a stamp stays readable. */
const WIDTH = 320;
const HEIGHT = 180;
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

const options = JSON.parse(process.argv[2]);
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const context = await chromium.launchPersistentContext(options.profile, {
  executablePath: options.chromium,
  headless: true,
  chromiumSandbox: false,
  args: FLAGS,
  viewport: { width: 960, height: 640 },
});
const page = context.pages()[0] ?? (await context.newPage());
// Scripts that are added so are not subject to the page's policy; pictures are read where they are.
const stampReader = await readFile(new URL("stamp.js", import.meta.url), "utf8");
await page.addInitScript(`{ ${stampReader.replaceAll("export ", "")}; globalThis.readStamp = readStamp; }`);
let loads = 0;
page.on("load", () => (loads += 1));
page.on("console", (message) => {
  if (message.type() === "error" || message.type() === "warning") {
    tell({ kind: "console", text: `${message.type()}: ${message.text()} (${message.location().url})` });
  }
});
page.on("pageerror", (error) => tell({ kind: "pageerror", text: String(error) }));
page.on("response", (response) => {
  if (response.status() >= 500) tell({ kind: "response", text: `${response.status()} ${response.url()}` });
});

let ended = false;
process.stdin.on("end", () => (ended = true));
process.stdin.resume();

await page.goto(options.url, { waitUntil: "domcontentloaded" });
while (!ended) {
  const begun = Date.now();
  const sample = await page.evaluate(look, [WIDTH, HEIGHT]).catch(() => null);
  if (sample) tell({ kind: "sample", loads, ...sample });
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, begun + options.everyMs - Date.now())));
}
await context.close();

/** Runs in the page. */
function look([width, height]) {
  const video = document.querySelector("video");
  // With what a closed disclosure hides.
  const text = `${document.body.innerText}\n${document.querySelector("#advice")?.textContent ?? ""}`;
  if (!video) return { text };
  const state = {
    text,
    now: Date.now(),
    currentTime: video.currentTime,
    readyState: video.readyState,
    paused: video.paused,
    error: video.error?.message ?? null,
    luma: null,
    stamp: null,
    ahead: video.buffered.length ? video.buffered.end(video.buffered.length - 1) - video.currentTime : 0,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    size: [video.videoWidth, video.videoHeight],
  };
  if (video.readyState >= 2 && video.videoWidth > 0) {
    const canvas = (globalThis.readingCanvas ??= new OffscreenCanvas(width, height));
    const drawing = canvas.getContext("2d", { willReadFrequently: true });
    drawing.drawImage(video, 0, 0, width, height);
    const picture = drawing.getImageData(0, 0, width, height);
    const sum = picture.data.reduce((total, value, index) => total + (index % 4 === 3 ? 0 : value), 0);
    state.luma = sum / (3 * width * height);
    state.stamp = readStamp(picture);
  }
  return state;
}
