import { el } from "../lib/dom";
import { KEYS } from "./shortcuts";

/** The list of keyboard shortcuts, as a modal dialog. */
export function helpDialog(): HTMLDialogElement {
  const rows = KEYS.flatMap(([keys, does]) => [el("dt", {}, el("kbd", {}, keys)), el("dd", {}, does)]);
  const close = el("button", { type: "submit", class: "button button-primary" }, "Close");
  const dialog = el(
    "dialog",
    { class: "help", "aria-labelledby": "help-title" },
    el("h2", { id: "help-title" }, "Keyboard shortcuts"),
    el("dl", {}, ...rows),
    el("form", { method: "dialog" }, close),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
