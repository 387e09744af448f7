// The dialogs that the page itself opens: "are you sure?" and "show the source".

import { freshId, h } from "./dom.js";
import { outline } from "./icons.js";
import { inPlain, textNode } from "./mrkdwn.js";

/** Asks as a `confirm` object says; true when the person agrees. */
export function askConfirm(confirm) {
  return new Promise((settle) => {
    const titleId = freshId("confirm");
    const answer = (agreed) => () => {
      dialog.close();
      settle(agreed);
    };
    const style = confirm.style === "danger" ? "danger" : "primary";
    const yes = h(
      "button",
      { type: "button", class: `button button-${style}`, dataset: { confirm: "yes" }, onclick: answer(true) },
      inPlain(confirm.confirm ?? "Yes"),
    );
    const no = h(
      "button",
      { type: "button", class: "button", dataset: { confirm: "no" }, onclick: answer(false) },
      inPlain(confirm.deny ?? "Cancel"),
    );
    const head = h("h2", { id: titleId, class: "dialog-title" }, inPlain(confirm.title ?? "Are you sure?"));
    const dialog = openDialog(
      "dialog-small",
      titleId,
      [
        h("header", { class: "dialog-head" }, head),
        h("div", { class: "dialog-body" }, textNode(confirm.text)),
        h("footer", { class: "dialog-foot" }, no, yes),
      ],
      answer(false),
    );
    no.focus();
  });
}

/** The JSON of a message, for those who build the bot. */
export function showSource(title, thing) {
  const titleId = freshId("source");
  const close = () => dialog.close();
  const head = h(
    "header",
    { class: "dialog-head" },
    h("h2", { id: titleId, class: "dialog-title" }, title),
    closeButton(close),
  );
  const body = h(
    "div",
    { class: "dialog-body" },
    h("pre", { class: "code code-tall", tabindex: 0 }, h("code", {}, JSON.stringify(thing, null, 2))),
  );
  const dialog = openDialog("dialog-wide", titleId, [head, body], close);
}

export function closeButton(close, label = "Close") {
  return h(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, onclick: close },
    outline("close"),
  );
}

/** A <dialog> on top of all others; Escape calls `cancel`. */
export function openDialog(kind, titleId, content, cancel) {
  const dialog = h(
    "dialog",
    { class: `dialog ${kind}`, role: "dialog", "aria-modal": "true", "aria-labelledby": titleId },
    content,
  );
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    cancel();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.getElementById("dialogs").append(dialog);
  dialog.showModal();
  return dialog;
}
