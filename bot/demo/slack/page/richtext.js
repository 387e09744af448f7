// Draws rich_text: sections, lists, quotes, preformatted text and all their elements.

import { dateNode } from "./dates.js";
import { h } from "./dom.js";
import { emojiNode, withEmoji } from "./emoji.js";
import { channelNode, groupNode, linkNode, personNode, pingNode } from "./links.js";
import { unknown } from "./unknown.js";

const PARTS = {
  rich_text_section: (part) => h("div", { class: "rich-section" }, inline(part.elements)),
  rich_text_quote: (part) => h("blockquote", { class: "rich-section" }, inline(part.elements)),
  rich_text_preformatted: (part) =>
    h("pre", { class: "code", "data-language": part.language }, h("code", {}, inline(part.elements))),
  rich_text_list: listNode,
};

export function richText(block) {
  const parts = (block.elements ?? []).map(
    (part) => PARTS[part.type]?.(part) ?? unknown("rich text part", part),
  );
  return h("div", { class: "rich-text" }, parts);
}

function listNode(part) {
  const ordered = part.style === "ordered";
  const items = (part.elements ?? []).map((item) =>
    h("li", {}, item.type === "rich_text_section" ? inline(item.elements) : richText({ elements: [item] })),
  );
  const marks = { class: `rich-list indent-${part.indent ?? 0}${part.border ? " bordered" : ""}` };
  return ordered ? h("ol", { ...marks, start: (part.offset ?? 0) + 1 }, items) : h("ul", marks, items);
}

const ELEMENTS = {
  text: (it) => withLines(it.text),
  link: (it) => linkNode(it.url, it.text ? withEmoji(it.text) : undefined),
  user: (it) => personNode(it.user_id),
  channel: (it) => channelNode(it.channel_id),
  usergroup: (it) => groupNode(it.usergroup_id),
  team: (it) => groupNode(it.team_id),
  emoji: (it) => emojiNode(it.name) ?? `:${it.name}:`,
  date: (it) =>
    it.url
      ? linkNode(it.url, [dateNode(it.timestamp, it.format, it.fallback)])
      : dateNode(it.timestamp, it.format, it.fallback),
  broadcast: (it) => pingNode(it.range),
  color: (it) => swatch(it.value),
};

function inline(elements) {
  return (elements ?? []).map((element) => {
    const draw = ELEMENTS[element.type];
    return draw ? styled(draw(element), element.style ?? {}) : unknown("rich text element", element, "span");
  });
}

function withLines(text) {
  return String(text ?? "")
    .split("\n")
    .flatMap((line, at) => [at > 0 ? h("br") : null, ...withEmoji(line)]);
}

const STYLES = {
  code: ["code", "inline-code"],
  bold: ["strong"],
  italic: ["em"],
  strike: ["s"],
  underline: ["u"],
  highlight: ["mark"],
  client_highlight: ["mark"],
};

function styled(content, style) {
  return Object.entries(STYLES).reduce(
    (inner, [name, [tag, kind]]) => (style[name] ? h(tag, kind ? { class: kind } : {}, inner) : inner),
    content,
  );
}

function swatch(value) {
  const square = h("span", { class: "swatch" });
  if (/^#[0-9a-f]{3,8}$/i.test(value)) square.style.background = value;
  return h("span", {}, square, value);
}
