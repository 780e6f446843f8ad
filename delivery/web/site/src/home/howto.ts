import { copyButton, el } from "../lib/dom";

/** Three ways to the first broadcast, with this server's own address in them. */
export function steps(rtmpUrl: string): HTMLElement {
  return el(
    "ol",
    { class: "steps" },
    el(
      "li",
      {},
      el("h3", {}, "Make a stream"),
      el("p", { class: "muted" }, "On the server. It prints the stream key; keep the key to yourself."),
      command('shardcast stream add "My stream"'),
    ),
    el(
      "li",
      {},
      el("h3", {}, "Broadcast with OBS"),
      el("p", { class: "muted" }, "Settings → Stream → Service: Custom. The stream key is the one from step 1."),
      command(rtmpUrl, "Server"),
      el("p", { class: "muted" }, "Settings → Output: keyframe interval 2 s, for the quickest start and the least delay."),
    ),
    el(
      "li",
      {},
      el("h3", {}, "Or with FFmpeg"),
      el("p", { class: "muted" }, "A test picture and a tone, if there is nothing else at hand."),
      command(ffmpegLine(rtmpUrl)),
    ),
  );
}

/** A line that any FFmpeg with libx264 can send: 4:2:0, key frames every two seconds, AAC. */
export function ffmpegLine(rtmpUrl: string): string {
  return [
    "ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30",
    "-f lavfi -i sine=frequency=440:sample_rate=48000",
    "-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 60 -b:v 2500k",
    `-c:a aac -b:a 160k -f flv ${rtmpUrl}/YOUR_STREAM_KEY`,
  ].join(" ");
}

function command(text: string, label = ""): HTMLElement {
  const code = el("code", {}, text);
  const words = label === "" ? [code] : [el("span", { class: "command-label" }, label), code];
  return el("div", { class: "command" }, ...words, copyButton("Copy", () => text));
}
