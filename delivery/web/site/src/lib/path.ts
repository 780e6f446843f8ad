/** Which stream a page is about, and where the server's own paths begin (empty, or a proxy's prefix). */
export interface Location {
  readonly prefix: string;
  readonly id: string;
}

const PAGE = /^(.*)\/(?:watch|embed)\/([A-Za-z0-9_-]{1,36})\/?$/;

/** Reads `/watch/ID` or `/embed/ID`; `null` when the path names no possible stream. */
export function parseLocation(pathname: string): Location | null {
  const match = PAGE.exec(pathname);
  return match ? { prefix: match[1] ?? "", id: match[2] ?? "" } : null;
}

/** The address of a stream's HLS multivariant playlist. */
export function playlistUrl({ prefix, id }: Location): string {
  return `${prefix}/live/${id}/index.m3u8`;
}

/** The address of a stream's status document. */
export function statusUrl({ prefix, id }: Location): string {
  return `${prefix}/live/${id}/status.json`;
}

/** The address of a stream's watch page. */
export function watchUrl({ prefix, id }: Location): string {
  return `${prefix}/watch/${id}`;
}
