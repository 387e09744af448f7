// Draws one message: who, when, its text or blocks, attachments and files, and what one can do with it.

import { attachmentNode } from "./attachment.js";
import { avatarNode } from "./avatar.js";
import { drawBlocks, idsOf } from "./blocks.js";
import { showSource } from "./confirm.js";
import { dateNode, fillDate } from "./dates.js";
import { h, openMenu, rove } from "./dom.js";
import { emojiNode } from "./emoji.js";
import { outline } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { fileNode } from "./picture.js";
import { surfaceFor } from "./surface.js";
import { act, authorOf, world } from "./world.js";

const HIDDEN_KEY = "local-slack.dismissed";
const hidden = new Set(JSON.parse(sessionStorage.getItem(HIDDEN_KEY) ?? "[]"));

export function isDismissed(channel, ts) {
  return hidden.has(`${world.me.id}/${channel}/${ts}`);
}

function dismiss(channel, ts, redraw) {
  hidden.add(`${world.me.id}/${channel}/${ts}`);
  sessionStorage.setItem(HIDDEN_KEY, JSON.stringify([...hidden]));
  redraw();
}

/** `how`: {channel, follows (same author just before), inThread, openThread(ts), redraw()}; `old` is the node that this one replaces. */
export function messageNode(message, how, old) {
  const author = authorOf(message);
  const surface = surfaceOf(message, how.channel);
  const content = contentNode(
    message,
    surface,
    old?.querySelector(":scope > .message-main > .message-content"),
  );
  const head = how.follows ? null : headNode(message, author);
  const main = h(
    "div",
    { class: "message-main" },
    message.is_ephemeral ? privateNote(message, how) : null,
    head,
    content,
    how.inThread ? null : repliesNode(message, how),
  );
  const side = how.follows
    ? h("span", { class: "message-hour" }, fillDate(Number(message.ts), "{time}"))
    : avatarNode(author.name, { isApp: author.isApp });
  const kind = `message${how.follows ? " follows" : ""}${message.is_ephemeral ? " ephemeral" : ""}`;
  const marks = {
    class: kind,
    "aria-label": `${author.name}, ${fillDate(Number(message.ts), "{time}")}`,
    dataset: {
      ts: message.ts,
      channel: how.channel,
      ephemeral: message.is_ephemeral ? "true" : null,
      user: author.id,
    },
  };
  return h(
    "article",
    marks,
    h("div", { class: "message-side" }, side),
    main,
    toolsNode(message, author, how),
  );
}

function surfaceOf(message, channel) {
  const source = { message: { channel, ts: message.ts, ...(message.is_ephemeral && { ephemeral: true }) } };
  const surface = surfaceFor(
    `message/${world.me.id}/${channel}/${message.ts}/${message.is_ephemeral ? "e" : "m"}`,
    source,
  );
  surface.held = message.state?.values ?? {};
  surface.shown = [
    ...idsOf(message.blocks),
    ...(message.attachments ?? []).flatMap((one) => idsOf(one.blocks)),
  ];
  return surface;
}

function headNode(message, author) {
  const badge = author.isApp ? h("span", { class: "badge" }, "App") : null;
  return h(
    "header",
    { class: "message-head" },
    h("strong", { class: "author" }, author.name),
    badge,
    dateNode(Number(message.ts), "{time}"),
    message.edited && !author.isApp ? h("span", { class: "quiet" }, "(edited)") : null,
  );
}

/** The text is shown only when there are no blocks, as in Slack; it stays what notifications and screen readers get. */
function contentNode(message, surface, old) {
  const blocks = drawBlocks(
    old?.querySelector(":scope > .blocks") ?? h("div", { class: "blocks" }),
    message.blocks,
    surface,
  );
  const text = !message.blocks?.length && message.text ? mrkdwn(message.text) : null;
  const empty = !text && !message.blocks?.length && !message.attachments?.length && !message.files?.length;
  const attachments = (message.attachments ?? []).map((one) => attachmentNode(one, surface));
  return h(
    "div",
    { class: "message-content" },
    text,
    blocks,
    attachments,
    (message.files ?? []).map(fileNode),
    reactionsNode(message),
    empty ? h("em", { class: "quiet" }, "This message is empty.") : null,
  );
}

function reactionsNode(message) {
  if (!message.reactions?.length) return null;
  const one = (reaction) =>
    h(
      "span",
      { class: "reaction", title: reaction.users?.map((id) => world.people.get(id)?.name ?? id).join(", ") },
      emojiNode(reaction.name) ?? `:${reaction.name}:`,
      ` ${reaction.count ?? 1}`,
    );
  return h("div", { class: "reactions" }, message.reactions.map(one));
}

function privateNote(message, how) {
  const close = h(
    "button",
    {
      type: "button",
      class: "link-button",
      dataset: { dismiss: message.ts },
      onclick: () => dismiss(how.channel, message.ts, how.redraw),
    },
    "Dismiss",
  );
  return h("div", { class: "private-note" }, outline("eye", 15), h("span", {}, "Only visible to you"), close);
}

function repliesNode(message, how) {
  if (!message.reply_count) return null;
  const words = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  const last = message.latest_reply
    ? h("span", { class: "quiet" }, "last ", dateNode(Number(message.latest_reply), "{ago}"))
    : null;
  return h(
    "button",
    {
      type: "button",
      class: "replies",
      dataset: { openThread: message.ts },
      onclick: () => how.openThread(message.ts),
    },
    outline("thread", 16),
    h("span", {}, words),
    last,
  );
}

function toolsNode(message, author, how) {
  const button = (label, sign, onclick, mark) =>
    h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": label,
        title: label,
        dataset: { tool: mark },
        onclick,
      },
      outline(sign, 17),
    );
  const reply =
    !how.inThread && !message.is_ephemeral
      ? button("Reply in thread", "thread", () => how.openThread(message.thread_ts ?? message.ts), "thread")
      : null;
  const more = button("More actions", "dots", (event) => openMore(event.currentTarget, message, how), "more");
  return h(
    "div",
    { class: "message-tools", role: "toolbar", "aria-label": `Actions for the message of ${author.name}` },
    reply,
    more,
  );
}

function openMore(anchor, message, how) {
  const menu = h("div", { role: "menu" });
  const item = (label, deed, mark) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitem",
        class: "menu-item",
        dataset: { tool: mark },
        onclick: () => {
          close();
          deed();
        },
      },
      label,
    );
  const shortcuts = message.is_ephemeral ? [] : world.shortcuts.filter((one) => one.type === "message");
  menu.append(
    ...shortcuts.map((one) =>
      item(
        one.name,
        () => act("shortcut", { callback_id: one.callback_id, channel: how.channel, ts: message.ts }),
        one.callback_id,
      ),
    ),
  );
  menu.append(item("Show the source (JSON)", () => showSource("Source of this message", message), "source"));
  rove(menu, "[role=menuitem]");
  const close = openMenu(anchor, menu, { width: 240 });
}
