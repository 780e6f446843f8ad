/** A whole number with separators: `12,345`. */
export function count(value: number): string {
  return Math.max(0, Math.round(value)).toLocaleString("en");
}

/** `1 person watching`, `2,041 people watching`. */
export function watching(viewers: number): string {
  return `${count(viewers)} ${Math.round(viewers) === 1 ? "person" : "people"} watching`;
}

/** The same, where there is little room: `2,041 watching`. */
export function watchingShort(viewers: number): string {
  return `${count(viewers)} watching`;
}

/** A running time as a clock: `0:07`, `12:30`, `3:05:09`. */
export function clock(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor(total / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** A running time in words, for a list: `just now`, `5 min`, `2 h 10 min`, `3 days`. */
export function since(seconds: number): string {
  const minutes = Math.floor(Math.max(0, seconds) / 60);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** Bits a second: `640 kbit/s`, `4.2 Mbit/s`. */
export function bitrate(bitsPerSecond: number): string {
  return bitsPerSecond < 1e6
    ? `${Math.round(bitsPerSecond / 1000)} kbit/s`
    : `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}

/** Seconds with one decimal: `1.3 s`. */
export function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
