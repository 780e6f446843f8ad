import { type Fetched, type LiveList, fetchJson, parseLiveList } from "../lib/api";
import { RECONNECT, delayMs } from "../lib/backoff";
import { byId, setText } from "../lib/dom";
import { Cards } from "./cards";
import { steps } from "./howto";

const REFRESH_MS = 3000;
const DEFAULT_RTMP_PORT = 1935;

const summary = byId("summary");
const empty = byId("empty");
const how = byId("how") as HTMLDetailsElement;
const cards = new Cards(byId("streams"));
let failures = 0;
let timer = 0;
let shownRtmpUrl = "";

function rtmpUrl(list: LiveList): string {
  return list.rtmpUrl ?? `rtmp://${location.hostname}:${DEFAULT_RTMP_PORT}/live`;
}

function show(fetched: Fetched<LiveList>): void {
  if (fetched.kind !== "ok") {
    failures += 1;
    setText(summary, "The server does not answer. Trying again…");
    return;
  }
  failures = 0;
  const list = fetched.value;
  const none = list.streams.length === 0;
  cards.show(list.streams, Date.now());
  // The first answer decides whether the help stands open; after that it is the visitor's.
  if (how.hidden) how.open = none;
  how.hidden = false;
  empty.hidden = !none;
  if (rtmpUrl(list) !== shownRtmpUrl) {
    shownRtmpUrl = rtmpUrl(list);
    byId("how-steps").replaceChildren(steps(shownRtmpUrl));
  }
  setText(summary, none ? "" : list.streams.length === 1 ? "1 stream" : `${list.streams.length} streams`);
}

async function refresh(): Promise<void> {
  clearTimeout(timer);
  show(await fetchJson("/live.json", parseLiveList));
  clearTimeout(timer);
  // A page in the background asks nothing; it is brought up to date when it is looked at.
  if (document.hidden) return;
  const delay = failures > 0 ? delayMs(RECONNECT, failures, Math.random()) : REFRESH_MS;
  timer = setTimeout(() => void refresh(), delay);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void refresh();
});
void refresh();
