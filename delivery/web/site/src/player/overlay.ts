import { el, setText } from "../lib/dom";
import type { Notice } from "./state";

/** The card over the picture that says what is going on. */
export class Overlay {
  readonly element: HTMLElement;
  private readonly title = el("p", { class: "notice-title" });
  private readonly detail = el("p", { class: "notice-detail" });
  private readonly advice = el("ul", { class: "notice-advice" });
  private readonly adviceTitle = el("p", { class: "notice-advice-title" }, "What the broadcaster can do");
  private readonly spinner = el("span", { class: "spinner", "aria-hidden": "true" });
  private readonly retry: HTMLButtonElement;

  constructor(onRetry: () => void) {
    this.retry = el("button", { type: "button", class: "button button-primary" }, "Try again");
    this.retry.addEventListener("click", onRetry);
    // Only the words are announced; the button is found by moving to it.
    const words = el("div", { role: "status", "aria-live": "polite" }, this.title, this.detail);
    const card = el("div", { class: "notice-card" }, this.spinner, words, this.adviceTitle, this.advice, this.retry);
    this.element = el("div", { class: "notice" }, card);
  }

  /** Shows a notice, or nothing. */
  show(notice: Notice | null): void {
    this.element.classList.toggle("is-shown", notice !== null);
    this.element.classList.toggle("is-light", notice !== null && notice.detail === "");
    this.spinner.hidden = !notice?.busy;
    this.retry.hidden = !notice?.retry;
    setText(this.title, notice?.title ?? "");
    setText(this.detail, notice?.detail ?? "");
    const advice = notice?.advice ?? [];
    this.adviceTitle.hidden = advice.length === 0;
    this.advice.hidden = advice.length === 0;
    this.advice.replaceChildren(...advice.map((line) => el("li", {}, line)));
  }
}
