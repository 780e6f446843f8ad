type Attributes = Readonly<Record<string, string | boolean>>;
type Child = Node | string;

/**
 * Makes an element. Strings among the children become text nodes, never markup, so that titles and
 * messages from outside cannot inject anything.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Sets an element's text, touching the page only when it changed (live regions speak on any change). */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The element with this id, which our own HTML contains. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/** A button that copies `text` and says so for a moment. */
export function copyButton(label: string, text: () => string): HTMLButtonElement {
  const button = el("button", { type: "button", class: "button" }, label);
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(text()).then(
      () => flash(button, "Copied", label),
      () => flash(button, "Copying is blocked", label),
    );
  });
  // The clipboard exists on https and localhost only.
  button.hidden = !("clipboard" in navigator);
  return button;
}

function flash(button: HTMLButtonElement, text: string, label: string): void {
  setText(button, text);
  setTimeout(() => setText(button, label), 1600);
}
