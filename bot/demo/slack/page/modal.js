// Shows the stack of modal views: the top one is open, those below wait with all that was typed in them.

import { drawBlocks, idsOf } from "./blocks.js";
import { closeButton, openDialog } from "./confirm.js";
import { freshId, h } from "./dom.js";
import { outline } from "./icons.js";
import { inPlain } from "./mrkdwn.js";
import { allFields, dropSurfaces, surfaceFor } from "./surface.js";
import { act, world } from "./world.js";

const open = new Map();

/** Makes the dialogs on the screen be the views of the state. */
export function drawModals() {
  const views = world.views.filter((view) => view.type === "modal" || !view.type);
  const alive = new Set(views.map((view) => view.id));
  for (const [id, shown] of open) if (!alive.has(id)) closeShown(id, shown);
  dropSurfaces((key) => !key.startsWith("view/") || alive.has(key.slice(5)));
  views.forEach((view, depth) => showView(view, depth, views.length));
}

function closeShown(id, shown) {
  open.delete(id);
  shown.dialog.close();
}

function showView(view, depth, count) {
  const fresh = !open.has(view.id);
  if (fresh) open.set(view.id, makeDialog(view, depth));
  const shown = open.get(view.id);
  const sign = JSON.stringify([view.hash, view.title, view.submit, view.close, view.blocks, view.errors]);
  if (sign !== shown.sign) {
    Object.assign(shown, { view, sign, errors: view.errors ?? {} });
    drawView(shown);
  }
  shown.dialog.classList.toggle("covered", depth < count - 1);
  if (fresh) focusFirst(shown.body);
}

function makeDialog(view, depth) {
  const titleId = freshId("view-title");
  const shown = {
    view,
    depth,
    sign: null,
    errors: {},
    body: h("div", { class: "dialog-body blocks", tabindex: -1 }),
    foot: h("footer", { class: "dialog-foot" }),
    title: h("h2", { id: titleId, class: "dialog-title" }),
  };
  const leave = () => act("close", { view_id: shown.view.id });
  const leaveAll = () => act("close", { view_id: shown.view.id, all: true });
  const back =
    depth > 0
      ? h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Back",
            dataset: { close: "back" },
            onclick: leave,
          },
          outline("back"),
        )
      : null;
  const shut = closeButton(depth > 0 ? leaveAll : leave, depth > 0 ? "Close all" : "Close");
  const form = h(
    "form",
    {
      class: "dialog-form",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        submit(shown);
      },
    },
    h("header", { class: "dialog-head" }, back, shown.title, shut),
    shown.body,
    shown.foot,
  );
  shown.leave = leave;
  shown.dialog = openDialog(`dialog-view depth-${depth}`, titleId, form, leave);
  shown.dialog.dataset.viewId = view.id;
  if (view.callback_id) shown.dialog.dataset.callbackId = view.callback_id;
  return shown;
}

function surfaceOf(view) {
  const surface = surfaceFor(`view/${view.id}`, { view: view.id });
  surface.shown = idsOf(view.blocks);
  surface.held = view.state?.values ?? {};
  return surface;
}

function drawView(shown) {
  const { view, title, body, foot, errors } = shown;
  title.replaceChildren(
    ...inPlain(view.title ?? "").map((node) => (node instanceof Node ? node : document.createTextNode(node))),
  );
  drawBlocks(body, view.blocks, surfaceOf(view), { errors });
  const cancel = h(
    "button",
    { type: "button", class: "button", dataset: { close: "cancel" }, onclick: shown.leave },
    inPlain(view.close ?? "Cancel"),
  );
  const send = view.submit
    ? h(
        "button",
        { type: "submit", class: "button button-primary", dataset: { submit: view.id } },
        inPlain(view.submit),
      )
    : null;
  foot.replaceChildren(...[cancel, send].filter(Boolean));
}

function focusFirst(body) {
  const field = body.querySelector("input:not([type=hidden]):not([disabled]), textarea, select");
  (field ?? body).focus({ preventScroll: true });
}

async function submit(shown) {
  const button = shown.foot.querySelector("[data-submit]");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const values = allFields(surfaceOf(shown.view));
  const answer = await act("submit", { view_id: shown.view.id, values });
  button.removeAttribute("aria-busy");
  if (!open.has(shown.view.id)) return;
  shown.errors = answer.errors ?? {};
  drawBlocks(shown.body, shown.view.blocks, surfaceOf(shown.view), { errors: shown.errors });
  const wrong = shown.body.querySelector(".field-wrong");
  wrong?.querySelector("input, textarea, select")?.focus();
  wrong?.scrollIntoView({ block: "nearest" });
}
