// Draws Block Kit: every block type that the bot sends, and a warning in place of any other.

import { chart } from "./charts.js";
import { freshId, h, keep } from "./dom.js";
import { elementNode } from "./elements.js";
import { outline } from "./icons.js";
import { markdown } from "./markdown.js";
import { inPlain, textNode } from "./mrkdwn.js";
import { fileNode, imageBlock, pictureNode } from "./picture.js";
import { richText } from "./richtext.js";
import { dataTable, table } from "./tables.js";
import { plan, taskCard } from "./tasks.js";
import { unknown } from "./unknown.js";

const LONG_TEXT = 1200;

const DRAW = {
  section,
  header: (block) =>
    h(`h${Math.min(6, 2 + (block.level ?? 1))}`, { class: "block-header" }, inPlain(block.text)),
  context,
  divider: () => h("hr", { class: "block-divider" }),
  actions: (block, surface) => h("div", { class: "block-actions" }, elements(block, surface)),
  image: imageBlock,
  input,
  rich_text: richText,
  markdown: (block) => markdown(block.text),
  table,
  data_table: dataTable,
  data_visualization: chart,
  container,
  plan,
  task_card: taskCard,
  alert: (block) =>
    h(
      "div",
      { class: `alert alert-${block.level ?? "default"}`, role: block.level === "error" ? "alert" : "note" },
      textNode(block.text),
    ),
  card,
  carousel: (block, surface) =>
    h(
      "div",
      { class: "carousel", tabindex: 0 },
      (block.elements ?? []).map((one) => card(one, surface, block.block_id)),
    ),
  context_actions: (block, surface) => h("div", { class: "block-context-actions" }, elements(block, surface)),
  file: (block) => fileNode({ id: block.external_id, title: block.external_id, ...block.file }),
  video: (block) =>
    h(
      "div",
      { class: "file" },
      outline("file", 26),
      h("div", {}, h("strong", {}, inPlain(block.title)), h("div", { class: "quiet" }, block.alt_text)),
    ),
};

/** Makes `box` show `blocks`; blocks that did not change keep their node, and with it folds, fields and focus. */
export function drawBlocks(box, blocks, surface, { errors = {} } = {}) {
  const seen = new Map();
  const items = (blocks ?? []).map((block) => {
    const base = `${block.block_id ?? ""}/${block.type}`;
    seen.set(base, (seen.get(base) ?? 0) + 1);
    const error = errors[block.block_id];
    return {
      key: `${base}/${seen.get(base)}`,
      sign: JSON.stringify([block, error]),
      make: (old) => keepFolds(old, blockNode(block, surface, error)),
    };
  });
  keep(box, items);
  return box;
}

/** A fold that its reader opened or closed stays so when the app redraws the block. */
function keepFolds(old, fresh) {
  const before = [...(old?.querySelectorAll("details") ?? [])];
  const after = [...fresh.querySelectorAll("details")];
  if (before.length === after.length) after.forEach((fold, at) => (fold.open = before[at].open));
  return fresh;
}

function blockNode(block, surface, error = null) {
  const draw = DRAW[block?.type];
  const content = draw ? draw(block, surface, error) : unknown("block", block);
  return h(
    "div",
    { class: `block block-type-${block?.type}`, dataset: { blockId: block?.block_id, type: block?.type } },
    content,
  );
}

/** The ids of all blocks that can hold fields, those inside containers included. */
export function idsOf(blocks) {
  return (blocks ?? []).flatMap((block) => [block.block_id, ...idsOf(block.child_blocks)]).filter(Boolean);
}

function placeOf(block, surface, more = {}) {
  return { surface, blockId: block.block_id, dispatch: true, ...more };
}

const elements = (block, surface) =>
  (block.elements ?? []).map((element) => elementNode(element, placeOf(block, surface)));

function section(block, surface) {
  const textId = freshId("text");
  const text = block.text
    ? h("div", { id: textId, class: "section-text" }, folded(textNode(block.text), block))
    : null;
  const fields = block.fields
    ? h(
        "div",
        { class: "section-fields" },
        block.fields.map((field) => textNode(field)),
      )
    : null;
  const labelled =
    text && !["button", "overflow", "image"].includes(block.accessory?.type) ? { labelId: textId } : {};
  const accessory = block.accessory
    ? h(
        "div",
        { class: `section-accessory accessory-${block.accessory.type}` },
        elementNode(block.accessory, placeOf(block, surface, labelled)),
      )
    : null;
  return h("div", { class: "section" }, h("div", { class: "section-main" }, text, fields), accessory);
}

/** Slack folds long texts itself unless `expand` is set; the threshold here is this page's own. */
function folded(node, block) {
  if (block.expand || (block.text.text ?? "").length < LONG_TEXT) return node;
  const box = h("div", { class: "see-more" }, node);
  const flip = () => {
    const open = box.classList.toggle("open");
    button.textContent = open ? "See less" : "See more";
    button.setAttribute("aria-expanded", String(open));
  };
  const button = h(
    "button",
    { type: "button", class: "link-button", "aria-expanded": "false", onclick: flip },
    "See more",
  );
  return h("div", {}, box, button);
}

function context(block) {
  const part = (element) => {
    if (element.type === "image") return pictureNode(element, "picture-tiny");
    return element.type === "mrkdwn" || element.type === "plain_text"
      ? textNode(element, "span")
      : unknown("context element", element, "span");
  };
  return h("div", { class: "block-context" }, (block.elements ?? []).map(part));
}

function input(block, surface, error) {
  const [labelId, hintId] = [freshId("label"), freshId("hint")];
  const place = placeOf(block, surface, {
    dispatch: block.dispatch_action === true,
    labelId,
    describedBy: hintId,
  });
  const optional = block.optional ? h("span", { class: "quiet" }, " (optional)") : null;
  const hint = error
    ? h("div", { class: "field-error", role: "alert" }, outline("close", 14), error)
    : block.hint
      ? h("div", { class: "quiet" }, inPlain(block.hint))
      : null;
  const label = h("div", { id: labelId, class: "field-label" }, inPlain(block.label), optional);
  return h(
    "div",
    { class: `field${error ? " field-wrong" : ""}` },
    label,
    elementNode(block.element, place),
    h("div", { id: hintId }, hint),
  );
}

function container(block, surface) {
  const title = block.rich_text_title ? richText(block.rich_text_title) : h("span", {}, inPlain(block.title));
  const subtitle = block.subtitle
    ? h("span", { class: "fold-subtitle" }, textNode(block.subtitle, "span"))
    : null;
  const icon = block.icon ? pictureNode(block.icon, "picture-tiny") : null;
  const words = h("span", { class: "fold-words" }, h("span", { class: "fold-title" }, title), subtitle);
  const body = h(
    "div",
    { class: "fold-body" },
    (block.child_blocks ?? []).map((child) => blockNode(child, surface)),
  );
  const kind = `fold width-${block.width ?? "standard"}`;
  if (!block.is_collapsible)
    return h(
      "section",
      { class: `${kind}${block.has_header_divider ? " fold-lined" : ""}` },
      h("div", { class: "fold-head" }, icon, words),
      body,
    );
  return h(
    "details",
    { class: kind, open: !block.default_collapsed },
    h("summary", { class: "fold-head" }, outline("right", 16), icon, words),
    body,
  );
}

function card(block, surface, outerId) {
  const place = { surface, blockId: block.block_id ?? outerId, dispatch: true };
  const words = [
    ["title", "card-title"],
    ["subtitle", "quiet"],
  ].map(([name, kind]) => block[name] && h("div", { class: kind }, textNode(block[name])));
  const head = h(
    "div",
    { class: "card-head" },
    block.icon ? pictureNode(block.icon, "picture-tiny") : null,
    h("div", {}, words),
  );
  const body = block.body ? h("div", { class: "card-body" }, textNode(block.body)) : null;
  const subtext = block.subtext ? h("div", { class: "quiet" }, textNode(block.subtext)) : null;
  const actions = block.actions?.length
    ? h(
        "div",
        { class: "block-actions" },
        block.actions.map((element) => elementNode(element, place)),
      )
    : null;
  return h(
    "article",
    { class: "card" },
    block.hero_image ? pictureNode(block.hero_image) : null,
    head,
    body,
    subtext,
    actions,
  );
}
