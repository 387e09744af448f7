// Draws a legacy attachment of a message.

import { drawBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";

/** A legacy attachment: colour bar, texts, fields, blocks. */
export function attachmentNode(attachment, surface) {
  const bar = h("div", { class: "attachment-bar" });
  const colour =
    { good: "#1f9d68", warning: "#e09b1a", danger: "#d3394c" }[attachment.color] ?? attachment.color;
  if (/^#?[0-9a-f]{3,8}$/i.test(colour ?? ""))
    bar.style.background = colour.startsWith("#") ? colour : `#${colour}`;
  const field = (one) =>
    h("div", { class: one.short ? "short" : "" }, h("strong", {}, one.title), mrkdwn(one.value));
  const body = [
    attachment.author_name ? h("div", { class: "quiet" }, attachment.author_name) : null,
    attachment.title ? h("strong", {}, mrkdwn(attachment.title)) : null,
    attachment.text ? mrkdwn(attachment.text) : null,
    attachment.fields ? h("div", { class: "section-fields" }, attachment.fields.map(field)) : null,
    drawBlocks(h("div", { class: "blocks" }), attachment.blocks, surface),
    attachment.footer ? h("div", { class: "quiet" }, attachment.footer) : null,
  ];
  const nothing = !attachment.text && !attachment.blocks && !attachment.title ? attachment.fallback : null;
  return h(
    "div",
    { class: "attachment" },
    attachment.pretext ? mrkdwn(attachment.pretext) : null,
    h("div", { class: "attachment-row" }, bar, h("div", { class: "attachment-body" }, body, nothing)),
  );
}
