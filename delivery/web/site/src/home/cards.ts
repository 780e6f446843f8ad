import type { LiveStream } from "../lib/api";
import { el, setText } from "../lib/dom";
import { since, watchingShort } from "../lib/format";
import { icon } from "../lib/icons";

interface Card {
  readonly element: HTMLLIElement;
  readonly title: HTMLElement;
  readonly facts: HTMLElement;
}

/** The list of live streams. Cards stay the same elements while their stream lives, so focus stays. */
export class Cards {
  private readonly cards = new Map<string, Card>();

  constructor(private readonly list: HTMLElement) {}

  show(streams: readonly LiveStream[], nowMs: number): void {
    const live = new Set(streams.map((stream) => stream.id));
    for (const [id, card] of this.cards) {
      if (!live.has(id)) {
        card.element.remove();
        this.cards.delete(id);
      }
    }
    streams.forEach((stream, index) => {
      const card = this.cards.get(stream.id) ?? this.add(stream.id);
      setText(card.title, stream.title);
      setText(card.facts, facts(stream, nowMs));
      if (this.list.children[index] !== card.element) {
        this.list.insertBefore(card.element, this.list.children[index] ?? null);
      }
    });
    this.list.hidden = streams.length === 0;
  }

  private add(id: string): Card {
    const title = el("span", { class: "card-title" });
    const factsLine = el("span", { class: "card-facts muted" });
    const badge = el("span", { class: "badge" }, "LIVE");
    const tile = el("span", { class: `tile tile-${tint(id)}`, "aria-hidden": "true" }, badge, icon("play"));
    const link = el("a", { class: "card", href: `/watch/${encodeURIComponent(id)}` }, tile, title, factsLine);
    const card = { element: el("li", {}, link), title, facts: factsLine };
    this.cards.set(id, card);
    return card;
  }
}

function facts(stream: LiveStream, nowMs: number): string {
  const started = stream.startedAt === null ? Number.NaN : Date.parse(stream.startedAt);
  const parts = [watchingShort(stream.viewers)];
  if (!Number.isNaN(started)) {
    const running = since((nowMs - started) / 1000);
    parts.push(running === "just now" ? "just started" : `live for ${running}`);
  }
  return parts.join(" · ");
}

/** One of six tints, always the same for a stream. */
function tint(id: string): number {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % 6;
}
