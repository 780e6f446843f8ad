const SVG = "http://www.w3.org/2000/svg";

/** Outlines on a 24 x 24 grid, filled with the current colour. */
const PATHS = {
  play: "M8 5.1v13.8a.6.6 0 0 0 .92.5l10.7-6.9a.6.6 0 0 0 0-1L8.92 4.6A.6.6 0 0 0 8 5.1Z",
  pause: "M7 5h3.2v14H7zM13.8 5H17v14h-3.2z",
  volume:
    "M3 9v6h4l5.5 4.6V4.4L7 9zM15 8v8a4.4 4.4 0 0 0 0-8ZM15 4.2v2a6 6 0 0 1 0 11.6v2a8 8 0 0 0 0-15.6Z",
  muted:
    "M3 9v6h4l5.5 4.6V4.4L7 9zM21.8 9.7l-1.4-1.4-2.4 2.4-2.4-2.4-1.4 1.4 2.4 2.4-2.4 2.4 1.4 1.4 2.4-2.4 2.4 2.4 1.4-1.4-2.4-2.4z",
  fullscreen: "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z",
  windowed: "M8 4h2v6H4V8h4zM14 4h2v4h4v2h-6zM4 14h6v6H8v-4H4zM14 14h6v2h-4v4h-2z",
  pip: "M3 5h18v14H3zm2 2v10h14V7zm6.5 4.5H18V16h-6.5z",
  settings:
    "M10.3 3h3.4l.5 2.4 1.5.9 2.4-.8 1.7 3-1.9 1.6v1.8l1.9 1.6-1.7 3-2.4-.8-1.5.9-.5 2.4h-3.4l-.5-2.4-1.5-.9-2.4.8-1.7-3 1.9-1.6v-1.8L4.2 8.5l1.7-3 2.4.8 1.5-.9zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  stats: "M4 20V10h3.4v10zM10.3 20V4h3.4v16zM16.6 20v-7H20v7z",
  help: "M12 2.8a9.2 9.2 0 1 0 0 18.4 9.2 9.2 0 0 0 0-18.4Zm0 1.9a7.3 7.3 0 1 1 0 14.6 7.3 7.3 0 0 1 0-14.6Zm-.2 2.5c-1.9 0-3.2 1.1-3.4 2.9h1.8c.1-.8.7-1.3 1.6-1.3.9 0 1.5.5 1.5 1.3 0 .6-.3 1-1.1 1.5-.9.6-1.3 1.2-1.3 2.2v.4h1.8v-.3c0-.6.2-.9 1.1-1.4.9-.6 1.4-1.3 1.4-2.4 0-1.7-1.4-2.9-3.4-2.9Zm-.1 8.1a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2Z",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside a label; hidden from screen readers. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("fill", "currentColor");
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  setIcon(svg, name);
  return svg;
}

/** Changes a drawing in place. */
export function setIcon(svg: SVGSVGElement, name: IconName): void {
  svg.firstElementChild?.setAttribute("d", PATHS[name]);
}
