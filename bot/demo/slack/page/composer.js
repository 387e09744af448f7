// The field at the foot of a conversation: typing, completion, sending, and the global shortcuts.

import { drawCompletions, drawList, hideList } from "./completions.js";
import { freshId, h, openMenu, rove } from "./dom.js";
import { outline } from "./icons.js";
import { act, titleOf, world } from "./world.js";

const drafts = new Map();

export function makeComposer(kind) {
  const listId = freshId("completions");
  const list = h("div", {
    id: listId,
    class: "completions",
    role: "listbox",
    "aria-label": "Completions",
    hidden: true,
  });
  const usage = h("div", { class: "usage", hidden: true });
  const field = h("textarea", {
    id: kind === "channel" ? "composer" : "composer-thread",
    class: "composer-field",
    rows: 1,
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    autocomplete: "off",
    spellcheck: "false",
  });
  const send = h(
    "button",
    { type: "button", class: "send", "aria-label": "Send", disabled: true },
    outline("send", 18),
  );
  const slash = h(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Commands", title: "Commands" },
    h("span", { class: "slash", "aria-hidden": "true" }, "/"),
  );
  const bolt = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Shortcuts",
      title: "Shortcuts",
      "aria-haspopup": "menu",
    },
    outline("bolt", 17),
  );
  const bar = h(
    "div",
    { class: "composer-bar" },
    kind === "channel" ? [slash, bolt] : null,
    h(
      "span",
      { class: "composer-tip" },
      h("kbd", {}, "Enter"),
      " sends · ",
      h("kbd", {}, "Shift Enter"),
      " new line",
    ),
    send,
  );
  const box = h("div", { class: "composer-box" }, field, bar);
  const shut = h("div", { class: "composer-shut", hidden: true });
  const node = h("div", { class: "composer" }, list, usage, box, shut);
  const at = { place: null, key: null, choices: [], chosen: -1, from: 0 };
  const parts = { kind, list, usage, field, send, box, shut, at };
  listen(parts, slash, bolt);
  list.addEventListener("take", (event) => takeChoice(parts, event.detail));
  return {
    node,
    draw: (place, channel) => drawComposer(parts, place, channel),
    fill: (text) => fill(parts, text),
  };
}

function listen(parts, slash, bolt) {
  const { field, send } = parts;
  field.addEventListener("input", () => afterTyping(parts));
  field.addEventListener("keydown", (event) => onKey(parts, event));
  field.addEventListener("blur", () => setTimeout(() => hideList(parts), 150));
  field.addEventListener("focus", () => field.value && drawCompletions(parts));
  send.addEventListener("click", () => sendText(parts));
  slash.addEventListener("click", () => fill(parts, "/"));
  bolt.addEventListener("click", () => openShortcuts(bolt));
}

function drawComposer(parts, place, channel) {
  const { field, box, shut, at, kind } = parts;
  const key = `${world.me.id}/${place.channel}/${kind === "thread" ? place.thread : ""}`;
  at.place = place;
  const name = channel ? (channel.is_dm ? titleOf(channel) : `#${channel.name}`) : "";
  field.placeholder = kind === "thread" ? "Reply…" : `Message ${name} or type /`;
  field.setAttribute("aria-label", kind === "thread" ? "Reply in this thread" : `Message ${name}`);
  box.hidden = Boolean(channel?.is_archived);
  shut.hidden = !box.hidden;
  shut.textContent = channel?.is_archived ? `#${channel.name} is archived: nobody can post here.` : "";
  if (key === at.key) return;
  at.key = key;
  field.value = drafts.get(key) ?? "";
  hideList(parts);
  parts.usage.hidden = true;
  afterResize(parts);
}

function fill(parts, text) {
  parts.field.value = text;
  parts.field.focus();
  afterTyping(parts);
}

function afterTyping(parts) {
  drafts.set(parts.at.key, parts.field.value);
  afterResize(parts);
  drawCompletions(parts);
}

function afterResize({ field, send }) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 220)}px`;
  send.disabled = !field.value.trim();
}

function takeChoice(parts, place) {
  const { field, at } = parts;
  const choice = at.choices[place];
  if (!choice) return;
  const rest = field.value.slice(field.selectionStart).replace(/^ /, "");
  field.value = field.value.slice(0, at.from) + choice.text + rest;
  const caret = at.from + choice.text.length;
  field.setSelectionRange(caret, caret);
  field.focus();
  afterTyping(parts);
}

/** Enter takes the marked completion, unless what stands there already says the same. */
function onKey(parts, event) {
  const { field, list, at } = parts;
  if (event.isComposing) return;
  const open = !list.hidden && at.chosen >= 0;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (open && step) {
    event.preventDefault();
    at.chosen = (at.chosen + step + at.choices.length) % at.choices.length;
    drawList(parts, list);
  } else if (open && event.key === "Escape") {
    event.preventDefault();
    hideList(parts);
  } else if (
    open &&
    (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) &&
    !saysTheSame(field, at)
  ) {
    event.preventDefault();
    takeChoice(parts, at.chosen);
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    sendText(parts);
  }
}

function saysTheSame(field, at) {
  return field.value.slice(at.from).trim() === at.choices[at.chosen].text.trim();
}

async function sendText(parts) {
  const { field, at, kind } = parts;
  const text = field.value.trim();
  if (!text) return;
  const key = at.key;
  const body = { channel: at.place.channel, text, ...(kind === "thread" && { thread_ts: at.place.thread }) };
  field.value = "";
  drafts.delete(key);
  hideList(parts);
  parts.usage.hidden = true;
  afterResize(parts);
  const answer = await act("type", body);
  if (!answer.ok && at.key === key && !field.value) giveBack(parts, text);
}

/** What was refused stands in the field again, so that it can be mended and sent once more. */
function giveBack(parts, text) {
  parts.field.value = text;
  drafts.set(parts.at.key, text);
  afterResize(parts);
}

function openShortcuts(anchor) {
  const menu = h("div", { role: "menu" });
  const own = world.shortcuts.filter((one) => one.type === "global");
  const item = (one) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitem",
        class: "menu-item",
        dataset: { shortcut: one.callback_id },
        onclick: () => {
          close();
          act("shortcut", { callback_id: one.callback_id });
        },
      },
      h("span", {}, one.name),
      h("span", { class: "menu-more" }, one.description),
    );
  menu.append(...(own.length ? own.map(item) : [h("div", { class: "menu-item quiet" }, "No shortcuts")]));
  rove(menu, "[role=menuitem]");
  const close = openMenu(anchor, menu, { width: 280, above: true });
}
