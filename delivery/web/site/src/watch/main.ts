import type { StreamStatus } from "../lib/api";
import { byId, copyButton, el, setText } from "../lib/dom";
import { clock, watching } from "../lib/format";
import { parseLocation, playlistUrl, watchUrl } from "../lib/path";
import { Player } from "../player/player";
import { readOptions } from "../player/query";

const where = parseLocation(location.pathname);
const facts = byId("facts");
let shown: StreamStatus | null = null;

function showStatus(status: StreamStatus): void {
  shown = status;
  if (status.title !== "") {
    setText(byId("title"), status.title);
    document.title = `${status.title} · Shardcast`;
  }
  const list = byId("advice-list");
  const lines = status.advice.join("\n");
  if (list.dataset["lines"] !== lines) {
    list.dataset["lines"] = lines;
    list.replaceChildren(...status.advice.map((line) => el("li", {}, line)));
  }
  byId("advice").hidden = status.advice.length === 0;
  showFacts();
}

/** Viewers and running time; the latter moves by itself between two answers of the server. */
function showFacts(): void {
  if (shown?.state !== "live") {
    setText(facts, shown?.state === "offline" ? "Offline" : "");
    return;
  }
  const started = shown.startedAt === null ? Number.NaN : Date.parse(shown.startedAt);
  const running = Number.isNaN(started) ? [] : [`live for ${clock((Date.now() - started) / 1000)}`];
  setText(facts, [watching(shown.viewers), ...running].join(" · "));
}

if (where) {
  const player = new Player({
    ...readOptions(location.search),
    location: where,
    followStatus: true,
    onStatus: showStatus,
    onPhase: (phase) => {
      byId("share").hidden = phase === "unknown";
      if (phase === "unknown") setText(byId("title"), "No stream here");
    },
  });
  byId("player").replaceChildren(player.element);
  byId("share").append(
    copyButton("Copy link", () => new URL(watchUrl(where), location.href).href),
    copyButton("Copy HLS address", () => new URL(playlistUrl(where), location.href).href),
  );
  setInterval(showFacts, 1000);
  player.start();
} else {
  const note = "This address names no stream. It should look like /watch/ID.";
  byId("player").replaceChildren(el("p", { class: "player-note" }, note));
  setText(byId("title"), "No stream");
}
