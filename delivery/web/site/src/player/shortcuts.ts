/** What the keyboard can do to a player. */
export interface Actions {
  togglePlay(): void;
  toggleMute(): void;
  toggleFullscreen(): void;
  togglePip(): void;
  toggleStats(): void;
  goLive(): void;
  /** Moves the playhead by seconds. */
  seekBy(seconds: number): void;
  /** Changes the volume by a share of its range. */
  volumeBy(share: number): void;
  showHelp(): void;
}

/** The keys, as the help shows them. */
export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["Space or K", "Play or pause"],
  ["M", "Sound on or off"],
  ["↑ ↓", "Louder, quieter"],
  ["← →", "Back or forward 5 seconds"],
  ["L", "Go to live"],
  ["F", "Full screen"],
  ["P", "Picture in picture"],
  ["I", "Playback figures"],
  ["?", "This help"],
];

/** The action for a key press; `null` when the key means nothing to the player. */
export function actionFor(key: string, actions: Actions): (() => void) | null {
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case " ":
    case "k":
      return () => actions.togglePlay();
    case "m":
      return () => actions.toggleMute();
    case "f":
      return () => actions.toggleFullscreen();
    case "p":
      return () => actions.togglePip();
    case "i":
      return () => actions.toggleStats();
    case "l":
      return () => actions.goLive();
    case "?":
      return () => actions.showHelp();
    case "ArrowLeft":
      return () => actions.seekBy(-5);
    case "ArrowRight":
      return () => actions.seekBy(5);
    case "ArrowUp":
      return () => actions.volumeBy(0.1);
    case "ArrowDown":
      return () => actions.volumeBy(-0.1);
    default:
      return null;
  }
}

/** Listens on the whole page, so that keys work before anything was clicked. */
export function listen(actions: Actions): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (belongsTo(event.target, event.key)) return;
    const action = actionFor(event.key, actions);
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || event.key.startsWith("Arrow")) action();
  });
}

/** Whether the focused element has its own use for the key. */
function belongsTo(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("dialog")) return true;
  if (key === " ") return target.closest("button, a, summary, input, select, textarea") !== null;
  if (key.startsWith("Arrow")) return target.closest("input, select, textarea") !== null;
  return target.closest("input:not([type=range]), select, textarea") !== null;
}
