import { byId, el } from "../lib/dom";
import { parseLocation } from "../lib/path";
import { Player } from "../player/player";
import { readOptions } from "../player/query";

const where = parseLocation(location.pathname);
if (where) {
  const player = new Player({
    ...readOptions(location.search),
    location: where,
    followStatus: false,
    onStatus: (status) => {
      if (status.title !== "") document.title = `${status.title} · Shardcast`;
    },
  });
  byId("player").replaceChildren(player.element);
  player.start();
} else {
  byId("player").replaceChildren(el("p", { class: "player-note" }, "This address names no stream."));
}
