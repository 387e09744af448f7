// Draws a conversation: the header, the list of messages, and the composer below; also the thread pane.

import { makeComposer } from "./composer.js";
import { dateNode, fillDate, zoneWords } from "./dates.js";
import { h, keep } from "./dom.js";
import { hintNode } from "./hint.js";
import { outline } from "./icons.js";
import { isDismissed, messageNode } from "./message.js";
import { authorOf, changed, channelById, otherIn, titleOf, world } from "./world.js";

const SAME_BREATH_S = 300;
const NEAR_BOTTOM_PX = 120;

/** A list of messages with its scroll and composer. `kind` is "channel" or "thread". */
export function makeConversation(kind) {
  const list = h("div", {
    class: "messages",
    role: "log",
    "aria-live": "polite",
    "aria-label": kind === "thread" ? "Thread messages" : "Messages",
    tabindex: 0,
  });
  const scroll = h("div", { class: "scroll" }, list);
  const jump = h(
    "button",
    { type: "button", class: "jump", hidden: true, onclick: () => toBottom(scroll) },
    "New messages",
    outline("down", 15),
  );
  const composer = makeComposer(kind);
  const hint = h("div", {});
  const node = h("div", { class: "conversation" }, scroll, jump, hint, composer.node);
  const state = { key: null, newest: null };
  scroll.addEventListener("scroll", () => {
    if (isNearBottom(scroll)) jump.hidden = true;
  });
  return {
    node,
    draw: (place, openThread) =>
      drawConversation({ kind, list, scroll, jump, composer, hint, state }, place, openThread),
  };
}

const isNearBottom = (scroll) =>
  scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_BOTTOM_PX;
const toBottom = (scroll) => {
  scroll.scrollTop = scroll.scrollHeight;
};

function drawConversation(parts, place, openThread) {
  const { kind, list, scroll, jump, composer, hint, state } = parts;
  const channel = channelById(place.channel);
  const key = `${world.me.id}/${place.channel}/${kind === "thread" ? place.thread : ""}`;
  const moved = key !== state.key;
  const atBottom = moved || isNearBottom(scroll);
  const all = kind === "thread" ? threadMessages(place) : channelMessages(place.channel);
  keep(
    list,
    itemsOf(all, { channel: place.channel, inThread: kind === "thread", openThread, redraw: changed }),
  );
  const newest = all.at(-1)?.ts ?? null;
  if (kind === "channel") keep(hint, channel?.is_archived ? [] : hintItems(composer));
  composer.draw(place, channel);
  if (atBottom) toBottom(scroll);
  else if (newest && newest !== state.newest) jump.hidden = false;
  if (moved) jump.hidden = true;
  Object.assign(state, { key, newest });
}

function hintItems(composer) {
  const node = hintNode(composer.fill);
  return node ? [{ key: "hint", sign: "1", make: () => node }] : [];
}

const byTime = (left, right) => (left.ts < right.ts ? -1 : left.ts > right.ts ? 1 : 0);
const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

function withEphemerals(channel, messages) {
  const own = (world.ephemerals[channel] ?? []).map((message) => ({ ...message, is_ephemeral: true }));
  return [...messages, ...own.filter((message) => !isDismissed(channel, message.ts))].sort(byTime);
}

function channelMessages(channel) {
  const broadcast = (message) => message.reply_broadcast || message.subtype === "thread_broadcast";
  return withEphemerals(channel, world.messages[channel] ?? []).filter(
    (message) => !isReply(message) || broadcast(message),
  );
}

function threadMessages({ channel, thread }) {
  return withEphemerals(channel, world.messages[channel] ?? []).filter(
    (message) => message.ts === thread || message.thread_ts === thread,
  );
}

function itemsOf(messages, how) {
  const items = [];
  let before = null;
  for (const message of messages) {
    const day = fillDate(Number(message.ts), "{date_num}");
    const newDay = !before || fillDate(Number(before.ts), "{date_num}") !== day;
    if (newDay) items.push({ key: `day/${day}`, sign: world.me.id, make: () => dayNode(message.ts) });
    const follows = !newDay && isSameBreath(before, message) && !how.inThread;
    const sign = JSON.stringify([message, follows, world.me.id, how.channel]);
    items.push({
      key: `${message.is_ephemeral ? "e" : "m"}/${message.ts}`,
      sign,
      make: (old) => messageNode(message, { ...how, follows }, old),
    });
    before = message;
  }
  if (!items.length) items.push({ key: "empty", sign: how.channel, make: () => emptyNode(how.channel) });
  return items;
}

function isSameBreath(before, message) {
  const near = Number(message.ts) - Number(before.ts) < SAME_BREATH_S;
  const same = authorOf(before).name === authorOf(message).name;
  return near && same && !before.is_ephemeral && !message.is_ephemeral && !before.reply_count;
}

function dayNode(ts) {
  return h("div", { class: "day" }, h("span", {}, dateNode(Number(ts), "{day_divider_pretty}")));
}

function emptyNode(id) {
  const channel = channelById(id);
  const name = channel ? titleOf(channel) : "this conversation";
  const words = channel?.is_dm
    ? `This is the beginning of your conversation with ${name}.`
    : `This is the beginning of #${name}.`;
  return h(
    "div",
    { class: "empty" },
    h("div", { class: "empty-mark" }, outline(channel?.is_dm ? "thread" : "hash", 30)),
    h("h2", {}, channel?.is_dm ? name : `#${name}`),
    h("p", {}, words),
  );
}

/** The bar above a conversation. */
export function channelHead(channel, openSidebar) {
  const other = channel.is_dm ? otherIn(channel) : null;
  const count = Array.isArray(channel.members) ? channel.members.length : channel.members;
  const facts = other
    ? [zoneWords(other)]
    : [
        `${count} members`,
        channel.topic || null,
        channel.is_private ? "private" : null,
        channel.is_archived ? "archived" : null,
        channel.is_member === false ? "you are not a member" : null,
      ];
  const title = h(
    "h1",
    { class: "pane-title" },
    channel.is_dm ? null : outline(channel.is_private ? "lock" : "hash", 19),
    titleOf(channel),
  );
  return h(
    "header",
    { class: "pane-head" },
    menuButton(openSidebar),
    h("div", { class: "pane-words" }, title, h("div", { class: "quiet" }, facts.filter(Boolean).join(" · "))),
    linkState(),
  );
}

export function menuButton(openSidebar) {
  return h(
    "button",
    {
      type: "button",
      class: "icon-button only-phone",
      "aria-label": "Open the sidebar",
      onclick: openSidebar,
    },
    outline("menu", 20),
  );
}

export function linkState() {
  return h(
    "span",
    { class: `link-state ${world.linked ? "" : "link-lost"}`, role: "status" },
    world.linked ? "Live" : "Reconnecting…",
  );
}
