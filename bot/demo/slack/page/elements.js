// Draws interactive elements: buttons and menus here, fields by fields.js.

import { h, openMenu, rove } from "./dom.js";
import { drawField, FIELD_TYPES } from "./fields.js";
import { outline } from "./icons.js";
import { safeAddress } from "./links.js";
import { inPlain } from "./mrkdwn.js";
import { pictureNode } from "./picture.js";
import { click } from "./surface.js";
import { unknown } from "./unknown.js";
import { world } from "./world.js";

const ICON_BUTTONS = {
  trash: "trash",
  delete: "trash",
  edit: "pencil",
  pencil: "pencil",
  refresh: "refresh",
  copy: "copy",
  thumbs_up: "up",
  thumbs_down: "downvote",
};

const DRAW = {
  button: buttonNode,
  overflow: overflowNode,
  icon_button: iconButtonNode,
  feedback_buttons: feedbackNode,
  image: (element) => pictureNode(element, "picture-small"),
};

/** An element as a node. `place` is {surface, blockId, dispatch, labelId, optional}: where it stands and what its changes do. */
export function elementNode(element, place) {
  if (FIELD_TYPES.has(element?.type)) return drawField(element, place);
  const draw = DRAW[element?.type];
  return draw ? draw(element, place) : unknown("element", element, "span");
}

function dataOf(element) {
  return { actionId: element.action_id };
}

/** Runs a click while its button shows that it is busy. */
function press(button, deed) {
  return async (event) => {
    event?.preventDefault();
    if (button().getAttribute("aria-busy") === "true") return;
    button().setAttribute("aria-busy", "true");
    try {
      await deed();
    } finally {
      button().removeAttribute("aria-busy");
    }
  };
}

function buttonNode(element, { surface, blockId }) {
  const style = { primary: " button-primary", danger: " button-danger" }[element.style] ?? "";
  const deed = async () => {
    if (element.url && safeAddress(element.url)) window.open(element.url, "_blank", "noopener,noreferrer");
    await click(surface, blockId, element, element.value === undefined ? {} : { value: element.value });
  };
  const marks = {
    type: "button",
    class: `button${style}`,
    "aria-label": element.accessibility_label,
    title: element.url ? `Opens ${element.url}` : null,
    dataset: dataOf(element),
  };
  const node = h(
    "button",
    { ...marks, onclick: press(() => node, deed) },
    h("span", { class: "button-text" }, inPlain(element.text)),
  );
  return node;
}

function iconButtonNode(element, { surface, blockId }) {
  const visible = element.visible_to_user_ids;
  if (visible?.length && !visible.includes(world.me.id)) return null;
  const label = element.accessibility_label ?? element.text?.text ?? element.icon;
  const deed = () => click(surface, blockId, element, { value: element.value });
  const node = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": label,
      title: element.text?.text,
      dataset: dataOf(element),
      onclick: press(() => node, deed),
    },
    outline(ICON_BUTTONS[element.icon] ?? "dots"),
  );
  return node;
}

function feedbackNode(element, { surface, blockId }) {
  const one = (side, sign) => {
    if (!side) return null;
    const label = side.accessibility_label ?? side.text?.text;
    const node = h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": label,
        title: side.text?.text,
        dataset: { ...dataOf(element), value: side.value },
        onclick: press(
          () => node,
          () => click(surface, blockId, element, { value: side.value }),
        ),
      },
      outline(sign),
    );
    return node;
  };
  return h(
    "span",
    { class: "feedback" },
    one(element.positive_button, "up"),
    one(element.negative_button, "downvote"),
  );
}

function overflowNode(element, { surface, blockId }) {
  const open = () => {
    const menu = h("div", { role: "menu" });
    const close = openMenuOf(
      node,
      menu,
      (element.options ?? []).map((option) => itemNode(option, () => choose(option))),
    );
    const choose = async (option) => {
      close();
      if (option.url && safeAddress(option.url)) window.open(option.url, "_blank", "noopener,noreferrer");
      await click(surface, blockId, element, { selected_option: option });
    };
  };
  const node = h(
    "button",
    {
      type: "button",
      class: "button overflow",
      "aria-haspopup": "menu",
      "aria-label": element.accessibility_label ?? "More actions",
      dataset: dataOf(element),
      onclick: open,
    },
    outline("dots"),
  );
  return node;
}

function openMenuOf(anchor, menu, items) {
  menu.append(...items);
  rove(menu, "[role=menuitem]");
  return openMenu(anchor, menu, { width: 280 });
}

function itemNode(option, choose) {
  const words = option.description ? h("span", { class: "menu-more" }, inPlain(option.description)) : null;
  return h(
    "button",
    {
      type: "button",
      role: "menuitem",
      class: "menu-item",
      dataset: { value: option.value },
      onclick: choose,
    },
    h("span", {}, inPlain(option.text)),
    words,
  );
}
