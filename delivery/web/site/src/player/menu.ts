import { el } from "../lib/dom";

/** One line of the settings menu. */
export interface MenuItem {
  readonly label: string;
  readonly checked: boolean;
  /** One of several (quality), or a switch of its own. */
  readonly kind: "radio" | "checkbox";
  choose(): void;
}

/** A heading with its items. */
export interface MenuGroup {
  readonly label: string;
  readonly items: readonly MenuItem[];
}

/** A menu that opens above its button, by pointer or keyboard. */
export class Menu {
  readonly element: HTMLElement;

  constructor(
    private readonly button: HTMLButtonElement,
    label: string,
    private readonly groups: () => readonly MenuGroup[],
  ) {
    this.element = el("div", { class: "menu", role: "menu", "aria-label": label, hidden: true });
    button.setAttribute("aria-haspopup", "menu");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => (this.isOpen() ? this.close() : this.open()));
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    document.addEventListener("pointerdown", (event) => {
      const inside = event.composedPath().some((node) => node === this.element || node === button);
      if (!inside) this.close();
    });
  }

  isOpen(): boolean {
    return !this.element.hidden;
  }

  close(): void {
    if (!this.isOpen()) return;
    const hadFocus = this.element.contains(document.activeElement);
    this.element.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (hadFocus) this.button.focus();
  }

  private open(): void {
    this.element.replaceChildren(...this.groups().map((group) => this.group(group)));
    this.element.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    (this.items().find((item) => item.ariaChecked === "true") ?? this.items()[0])?.focus();
  }

  private group(group: MenuGroup): HTMLElement {
    const items = group.items.map((item) => this.item(item));
    const heading = el("p", { class: "menu-heading", "aria-hidden": "true" }, group.label);
    return el("div", { role: "group", "aria-label": group.label }, heading, ...items);
  }

  private item(item: MenuItem): HTMLElement {
    const role = item.kind === "radio" ? "menuitemradio" : "menuitemcheckbox";
    const checked = String(item.checked);
    const button = el("button", { type: "button", class: "menu-item", role, "aria-checked": checked, tabindex: "-1" }, item.label);
    button.addEventListener("click", () => {
      item.choose();
      this.close();
    });
    return button;
  }

  private items(): HTMLButtonElement[] {
    return [...this.element.querySelectorAll<HTMLButtonElement>("button")];
  }

  private onKey(event: KeyboardEvent): void {
    const items = this.items();
    const at = items.findIndex((item) => item === document.activeElement);
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
    const target = to[event.key];
    if (target !== undefined) {
      items[(target + items.length) % items.length]?.focus();
      event.preventDefault();
    } else if (event.key === "Escape" || event.key === "Tab") {
      this.close();
      if (event.key === "Escape") event.preventDefault();
    }
    // The player's own shortcuts stay quiet while the menu has the keyboard.
    event.stopPropagation();
  }
}
