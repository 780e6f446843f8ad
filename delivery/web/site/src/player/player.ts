import type { StreamStatus } from "../lib/api";
import { el } from "../lib/dom";
import { icon } from "../lib/icons";
import type { Location } from "../lib/path";
import { loadPrefs, savePrefs } from "../lib/prefs";
import { Controls, type ControlsState } from "./controls";
import { helpDialog } from "./help";
import type { MenuGroup } from "./menu";
import { Overlay } from "./overlay";
import { Screen } from "./screen";
import { Session, type SessionListener } from "./session";
import { type Actions, listen } from "./shortcuts";
import { type Context, type Phase, describe } from "./state";
import { isBehind } from "./source";
import { Stats } from "./stats";

/** What the page around a player wants. */
export interface PlayerOptions {
  readonly location: Location;
  readonly autoplay: boolean;
  /** Start with sound, where the browser allows it. */
  readonly sound: boolean;
  readonly lowLatency: boolean | null;
  /** Keep asking for viewers and title while it plays. */
  readonly followStatus: boolean;
  onStatus?(status: StreamStatus): void;
  onPhase?(phase: Phase): void;
}

const BADGES: Readonly<Record<Phase, ControlsState["live"]>> = {
  playing: "live",
  paused: "live",
  buffering: "live",
  connecting: "waiting",
  interrupted: "waiting",
  offline: "off",
  ended: "off",
  unknown: "none",
  unreachable: "none",
  unsupported: "none",
  failed: "none",
};

const REFRESH_MS = 500;
const HIDE_AFTER_MS = 2800;

/** The whole player: video, controls, messages, keyboard. */
export class Player implements Actions, SessionListener {
  readonly element: HTMLElement;
  private readonly video = el("video", { playsinline: true, preload: "auto", tabindex: "-1" });
  private readonly prefs = loadPrefs();
  private readonly session: Session;
  private readonly screen: Screen;
  private readonly controls: Controls;
  private readonly overlay = new Overlay(() => this.session.retry());
  private readonly stats: Stats;
  private readonly help = helpDialog();
  private readonly bigPlay: HTMLButtonElement;
  private readonly soundPill: HTMLButtonElement;
  private status: StreamStatus | null = null;
  private stalls = 0;
  private lastActiveMs = performance.now();
  private choseSound = false;

  constructor(private readonly options: PlayerOptions) {
    const { location, autoplay, followStatus } = options;
    this.prefs.lowLatency = options.lowLatency ?? this.prefs.lowLatency;
    this.video.volume = this.prefs.volume;
    this.video.muted = this.prefs.muted && !options.sound;
    this.session = new Session(this.video, location, this.prefs.lowLatency, autoplay, followStatus, this);
    this.bigPlay = this.overlayButton("big-play", "Play", "play");
    this.soundPill = this.overlayButton("sound-pill", "Tap for sound", "muted");
    this.stats = new Stats(this.video);
    this.element = el("div", { class: "player", role: "region", "aria-label": "Live video player" });
    this.screen = new Screen(this.element, this.video);
    this.controls = new Controls(this, this.screen, (volume) => this.setVolume(volume), () => this.settings());
    this.element.append(
      this.video, this.stats.element, this.overlay.element, this.bigPlay, this.soundPill,
      this.controls.element, this.help,
    );
    this.listen();
  }

  /** Starts playing; call it when the element is in the page. */
  start(): void {
    this.session.start();
    setInterval(() => this.refresh(), REFRESH_MS);
    this.refresh();
  }

  onPhase(phase: Phase, context: Context): void {
    const stalled = phase === "buffering" || phase === "interrupted";
    if (stalled && this.element.dataset["phase"] === "playing") this.stalls += 1;
    this.element.dataset["phase"] = phase;
    this.overlay.show(describe(phase, context));
    this.options.onPhase?.(phase);
    this.refresh();
  }

  onStatus(status: StreamStatus): void {
    this.status = status;
    this.video.setAttribute("aria-label", status.title || "Live video");
    this.options.onStatus?.(status);
  }

  onLevels(): void {
    this.refresh();
  }

  togglePlay(): void {
    if (this.video.paused) void this.session.play().then(() => this.refresh());
    else this.session.pause();
  }

  toggleMute(): void {
    this.choseSound = true;
    const silent = this.video.muted || this.video.volume === 0;
    this.video.muted = !silent;
    if (silent && this.video.volume === 0) this.video.volume = 0.5;
    this.keepSound();
  }

  toggleFullscreen(): void {
    this.screen.toggleFullscreen();
  }

  togglePip(): void {
    this.screen.togglePip();
  }

  toggleStats(): void {
    this.prefs.stats = !this.prefs.stats;
    savePrefs(this.prefs);
    this.refresh();
  }

  goLive(): void {
    this.session.goLive();
  }

  seekBy(seconds: number): void {
    const { seekable, currentTime } = this.video;
    const edge = this.session.source()?.livePosition() ?? null;
    if (seekable.length === 0 || edge === null) return;
    const wanted = Math.max(seekable.start(0), currentTime + seconds);
    // Forward never goes past live, nor back when already there.
    this.video.currentTime = seconds > 0 ? Math.max(currentTime, Math.min(edge, wanted)) : wanted;
    this.wake();
  }

  volumeBy(share: number): void {
    const from = this.video.muted ? 0 : this.video.volume;
    this.setVolume(Math.min(1, Math.max(0, from + share)));
    this.wake();
  }

  showHelp(): void {
    if (!this.help.open) this.help.showModal();
  }

  private setVolume(volume: number): void {
    this.choseSound = true;
    this.video.volume = volume;
    this.video.muted = volume === 0;
    this.keepSound();
  }

  private keepSound(): void {
    this.prefs.volume = this.video.volume;
    this.prefs.muted = this.video.muted;
    savePrefs(this.prefs);
    this.refresh();
  }

  private settings(): readonly MenuGroup[] {
    const source = this.session.source();
    const levels = source?.levels() ?? [];
    const groups: MenuGroup[] = [];
    if (source && levels.length > 1) {
      const chosen = source.chosenLevel();
      const best = [...levels].reverse();
      const choices = [{ index: -1, label: "Automatic" }, ...best].map(({ index, label }) => {
        return { label, checked: index === chosen, kind: "radio" as const, choose: () => source.chooseLevel(index) };
      });
      groups.push({ label: "Quality", items: choices });
    }
    const lowLatency = {
      label: "Low latency",
      checked: this.prefs.lowLatency,
      kind: "checkbox" as const,
      choose: () => this.setLowLatency(!this.prefs.lowLatency),
    };
    const figures = {
      label: "Playback figures",
      checked: this.prefs.stats,
      kind: "checkbox" as const,
      choose: () => this.toggleStats(),
    };
    groups.push({ label: "Playback", items: [lowLatency, figures] });
    return groups;
  }

  private setLowLatency(lowLatency: boolean): void {
    this.prefs.lowLatency = lowLatency;
    savePrefs(this.prefs);
    this.session.setLowLatency(lowLatency);
  }

  private overlayButton(name: string, label: string, drawing: "play" | "muted"): HTMLButtonElement {
    const button = el("button", { type: "button", class: name, hidden: true }, icon(drawing), el("span", {}, label));
    button.addEventListener("click", () => (drawing === "play" ? this.togglePlay() : this.toggleMute()));
    return button;
  }

  private listen(): void {
    listen(this);
    const refresh = () => this.refresh();
    for (const name of ["play", "pause", "volumechange", "enterpictureinpicture", "leavepictureinpicture"]) {
      this.video.addEventListener(name, refresh);
    }
    document.addEventListener("fullscreenchange", refresh);
    this.element.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") this.wake();
    });
    this.element.addEventListener("focusin", (event) => {
      if (event.target !== this.video) this.wake();
    });
    this.element.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") this.lastActiveMs = 0;
      this.refresh();
    });
    // A click plays or pauses, a tap shows the controls: a thumb hits the picture by accident.
    this.video.addEventListener("click", (event) => {
      if ((event as PointerEvent).pointerType !== "touch") this.togglePlay();
      else if (this.isIdle()) this.wake();
      else this.lastActiveMs = 0;
      this.refresh();
    });
    this.video.addEventListener("dblclick", () => this.toggleFullscreen());
  }

  private wake(): void {
    const wasIdle = this.isIdle();
    this.lastActiveMs = performance.now();
    if (wasIdle) this.refresh();
  }

  private isIdle(): boolean {
    return this.element.classList.contains("is-idle");
  }

  private refresh(): void {
    const phase = this.session.currentPhase();
    const source = this.session.source();
    const watching = phase === "playing" || phase === "paused" || phase === "buffering";
    const latency = watching ? (source?.latency() ?? null) : null;
    const behind = watching && source !== null && isBehind(source);
    const inactive = performance.now() - this.lastActiveMs > HIDE_AFTER_MS;
    this.element.classList.toggle("is-idle", phase === "playing" && inactive && !this.controls.isBusy());
    this.bigPlay.hidden = phase !== "paused";
    const silent = this.video.muted && this.status?.audio !== null;
    this.soundPill.hidden = !(phase === "playing" && silent && !this.choseSound);
    this.element.dataset["latency"] = latency === null ? "" : latency.toFixed(2);
    this.controls.update({
      playable: source !== null,
      paused: this.video.paused,
      muted: this.video.muted,
      volume: this.video.volume,
      live: watching && (behind || phase === "paused") ? "behind" : BADGES[phase],
      latency,
      stats: this.prefs.stats,
    });
    this.stats.element.hidden = !(this.prefs.stats && source !== null);
    if (!this.stats.element.hidden) this.stats.update(source, this.status, this.stalls);
  }
}
