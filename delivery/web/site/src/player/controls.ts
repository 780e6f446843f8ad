import { el, setText } from "../lib/dom";
import { seconds } from "../lib/format";
import { type IconName, icon, setIcon } from "../lib/icons";
import { Menu, type MenuGroup } from "./menu";
import type { Screen } from "./screen";
import type { Actions } from "./shortcuts";

/** What the bar shows. */
export interface ControlsState {
  /** There is something to play or pause. */
  readonly playable: boolean;
  readonly paused: boolean;
  readonly muted: boolean;
  readonly volume: number;
  readonly live: keyof typeof LIVE_TEXT;
  readonly latency: number | null;
  readonly stats: boolean;
}

/** The badge; `none` hides it. */
const LIVE_TEXT = { none: "", off: "OFFLINE", waiting: "WAITING", live: "LIVE", behind: "GO LIVE" } as const;

interface IconButton {
  readonly element: HTMLButtonElement;
  show(name: IconName, label: string): void;
}

/** The bar under the picture. */
export class Controls {
  readonly element: HTMLElement;
  private readonly play: IconButton;
  private readonly mute: IconButton;
  private readonly volume: HTMLInputElement;
  private readonly live: HTMLButtonElement;
  private readonly liveText = el("span", {}, "LIVE");
  private readonly latency = el("span", { class: "latency" });
  private readonly stats: IconButton;
  private readonly pip: IconButton;
  private readonly fullscreen: IconButton;
  private readonly menu: Menu;

  constructor(
    actions: Actions,
    private readonly screen: Screen,
    setVolume: (volume: number) => void,
    settings: () => readonly MenuGroup[],
  ) {
    this.play = iconButton("play", "Play (space)", () => actions.togglePlay());
    this.mute = iconButton("muted", "Sound on (m)", () => actions.toggleMute());
    this.volume = el("input", { type: "range", class: "volume", min: "0", max: "1", step: "0.05", "aria-label": "Volume" });
    this.volume.addEventListener("input", () => setVolume(this.volume.valueAsNumber));
    this.live = el("button", { type: "button", class: "live" }, el("span", { class: "dot", "aria-hidden": "true" }), this.liveText);
    this.live.addEventListener("click", () => actions.goLive());
    this.stats = iconButton("stats", "Playback figures (i)", () => actions.toggleStats());
    const gear = iconButton("settings", "Settings", () => undefined);
    this.menu = new Menu(gear.element, "Settings", settings);
    this.pip = iconButton("pip", "Picture in picture (p)", () => actions.togglePip());
    this.fullscreen = iconButton("fullscreen", "Full screen (f)", () => actions.toggleFullscreen());
    const help = iconButton("help", "Keyboard shortcuts (?)", () => actions.showHelp());
    help.element.classList.add("wide-only");
    this.stats.element.classList.add("wide-only");
    this.pip.element.hidden = !screen.canPip();
    this.fullscreen.element.hidden = !screen.canFullscreen();
    const sound = el("div", { class: "sound" }, this.mute.element, this.volume);
    const settingsBox = el("div", { class: "menu-box" }, gear.element, this.menu.element);
    this.element = el(
      "div",
      { class: "controls", role: "group", "aria-label": "Player controls" },
      this.play.element, sound, this.live, this.latency,
      el("span", { class: "spacer" }),
      help.element, this.stats.element, settingsBox, this.pip.element, this.fullscreen.element,
    );
  }

  /** Whether the bar must stay: its menu is open, or the keyboard is in it. */
  isBusy(): boolean {
    return this.menu.isOpen() || this.element.querySelector(":focus-visible") !== null;
  }

  update(state: ControlsState): void {
    if (state.paused) this.play.show("play", "Play (space)");
    else this.play.show("pause", "Pause (space)");
    const silent = state.muted || state.volume === 0;
    if (silent) this.mute.show("muted", "Sound on (m)");
    else this.mute.show("volume", "Sound off (m)");
    this.volume.value = String(silent ? 0 : state.volume);
    this.volume.setAttribute("aria-valuetext", `${Math.round((silent ? 0 : state.volume) * 100)} %`);
    this.live.dataset["live"] = state.live;
    this.live.hidden = state.live === "none";
    this.live.disabled = state.live === "off" || state.live === "waiting";
    this.play.element.disabled = !state.playable;
    this.pip.element.disabled = !state.playable;
    setText(this.liveText, LIVE_TEXT[state.live]);
    this.live.title = state.live === "behind" ? "Go to live (l)" : "";
    setText(this.latency, state.latency === null ? "" : `${seconds(state.latency)} behind`);
    this.stats.element.setAttribute("aria-pressed", String(state.stats));
    if (this.screen.isFullscreen()) this.fullscreen.show("windowed", "Leave full screen (f)");
    else this.fullscreen.show("fullscreen", "Full screen (f)");
    this.pip.element.setAttribute("aria-pressed", String(this.screen.isPip()));
  }
}

function iconButton(name: IconName, label: string, onClick: () => void): IconButton {
  const drawing = icon(name);
  const element = el("button", { type: "button", class: "icon-button", "aria-label": label, title: label }, drawing);
  element.addEventListener("click", onClick);
  const show = (shown: IconName, text: string) => {
    setIcon(drawing, shown);
    if (element.title === text) return;
    element.title = text;
    element.setAttribute("aria-label", text);
  };
  return { element, show };
}
