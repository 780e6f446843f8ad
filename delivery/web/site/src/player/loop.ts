// A player loads a piece once, and again after a seek or a switch; never this often.
const MAX_LOADS = 8;
const MEMORY = 64;

/**
 * Notices a player that loads the same pieces over and over. hls.js does so when sound and picture
 * begin at different places (at the very start of a stream, say), a hundred times a second.
 */
export class LoopGuard {
  private readonly loads = new Map<string, number>();

  /** Notes that a piece was loaded; true when that happened too often. */
  isLooping(url: string, firstByte: number): boolean {
    const key = `${url}@${firstByte}`;
    const count = (this.loads.get(key) ?? 0) + 1;
    // Moves the piece to the end, so that the one not loaded for longest is forgotten first.
    this.loads.delete(key);
    this.loads.set(key, count);
    const oldest = this.loads.keys().next();
    if (this.loads.size > MEMORY && !oldest.done) this.loads.delete(oldest.value);
    return count > MAX_LOADS;
  }
}
