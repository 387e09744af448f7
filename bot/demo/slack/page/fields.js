// Draws the fields of Block Kit (texts, menus, pickers, boxes) and keeps what they hold in their surface.

import { chooserNode } from "./chooser.js";
import { freshId, h } from "./dom.js";
import { inPlain, textNode } from "./mrkdwn.js";
import { fileField, momentField, pickerField } from "./pickers.js";
import { click, fieldState, setField } from "./surface.js";
import { richField, textField } from "./typed.js";
import { titleOf, world } from "./world.js";

const DRAW = {
  plain_text_input: textField,
  email_text_input: (it, field) => textField(it, field, { type: "email", autocomplete: "off" }),
  url_text_input: (it, field) => textField(it, field, { type: "url", inputmode: "url" }),
  number_input: (it, field) =>
    textField(it, field, { inputmode: it.is_decimal_allowed ? "decimal" : "numeric" }),
  rich_text_input: richField,
  static_select: (it, field) => selectField(it, field, "selected_option", it.options, it.option_groups),
  users_select: (it, field) => selectField(it, field, "selected_user", people()),
  channels_select: (it, field) =>
    selectField(
      it,
      field,
      "selected_channel",
      channels((one) => !one.is_dm),
    ),
  conversations_select: (it, field) =>
    selectField(it, field, "selected_conversation", channels(filterOf(it))),
  external_select: (it, field) => chooserNode(it, field, { many: false }),
  multi_external_select: (it, field) => chooserNode(it, field, { many: true }),
  multi_static_select: (it, field) =>
    boxesField(
      it,
      field,
      "selected_options",
      it.options ?? it.option_groups?.flatMap((group) => group.options) ?? [],
    ),
  multi_users_select: (it, field) => boxesField(it, field, "selected_users", people()),
  multi_channels_select: (it, field) =>
    boxesField(
      it,
      field,
      "selected_channels",
      channels((one) => !one.is_dm),
    ),
  multi_conversations_select: (it, field) =>
    boxesField(it, field, "selected_conversations", channels(filterOf(it))),
  checkboxes: (it, field) => boxesField(it, field, "selected_options", it.options),
  radio_buttons: (it, field) => boxesField(it, field, "selected_option", it.options),
  datepicker: (it, field) => pickerField(it, field, "date", "selected_date"),
  timepicker: (it, field) => pickerField(it, field, "time", "selected_time"),
  datetimepicker: momentField,
  file_input: fileField,
};

export const FIELD_TYPES = new Set(Object.keys(DRAW));

const FIRST = {
  selected_option: (it) => it.initial_option ?? null,
  selected_options: (it) => it.initial_options ?? [],
  selected_user: (it) => it.initial_user ?? null,
  selected_users: (it) => it.initial_users ?? [],
  selected_channel: (it) => it.initial_channel ?? null,
  selected_channels: (it) => it.initial_channels ?? [],
  selected_conversation: (it) =>
    it.initial_conversation ?? (it.default_to_current_conversation ? world.place.channel : null),
  selected_conversations: (it) => it.initial_conversations ?? [],
  selected_date: (it) => it.initial_date ?? null,
  selected_time: (it) => it.initial_time ?? null,
  selected_date_time: (it) => it.initial_date_time ?? null,
  rich_text_value: (it) => it.initial_value ?? null,
  value: (it) => it.initial_value ?? null,
  files: () => [],
};

/** A field as a node; `place` as in elements.js. */
export function drawField(element, place) {
  const node = DRAW[element.type](element, openField(element, place));
  node.dataset.actionId = element.action_id;
  return node;
}

/** The field's voice: read() what it holds, write(value) to remember it, tell(value) to report it where the app listens. */
function openField(element, { surface, blockId, dispatch, labelId, describedBy }) {
  const read = (name) =>
    fieldState(surface, blockId, element.action_id, { type: element.type, [name]: FIRST[name](element) })[
      name
    ];
  const write = (name, value) =>
    setField(surface, blockId, element.action_id, { type: element.type, [name]: value });
  const tell = (name, value) => dispatch && click(surface, blockId, element, { [name]: value });
  const labels = labelId
    ? { "aria-labelledby": labelId }
    : { "aria-label": element.placeholder?.text ?? element.type.replaceAll("_", " ") };
  return {
    read,
    write,
    tell,
    surface,
    blockId,
    labels: { ...labels, "aria-describedby": describedBy ?? null },
  };
}

const asOption = (value, text) => ({ value, text: { type: "plain_text", text } });
const people = () =>
  [...world.people.values()]
    .filter((one) => !one.is_bot && !one.deleted)
    .map((one) => asOption(one.id, one.name));
const channels = (wanted) =>
  world.channels
    .filter((one) => !one.is_archived && wanted(one))
    .map((one) => asOption(one.id, one.is_dm ? titleOf(one) : `#${one.name}`));

function filterOf(element) {
  const include = element.filter?.include;
  if (!include) return () => true;
  return (one) => include.includes(one.is_dm ? "im" : one.is_private ? "private" : "public");
}

const isWhole = (name) => name.startsWith("selected_option");
const keyOf = (held) => (held && typeof held === "object" ? held.value : held);

function selectField(element, field, name, options = [], groups = null) {
  const all = groups ? groups.flatMap((group) => group.options) : options;
  const held = keyOf(field.read(name));
  const node = (option) => h("option", { value: option.value }, option.text?.text ?? "");
  const list = groups
    ? groups.map((group) => h("optgroup", { label: group.label?.text ?? "" }, group.options.map(node)))
    : all.map(node);
  const empty = h("option", { value: "" }, element.placeholder?.text ?? "Choose an option");
  const more = h("div", { class: "quiet" });
  const describe = (option) =>
    more.replaceChildren(...(option?.description ? inPlain(option.description) : []));
  const change = () => {
    const chosen = all.find((option) => option.value === input.value) ?? null;
    const value = chosen && (isWhole(name) ? chosen : chosen.value);
    describe(chosen);
    field.write(name, value);
    if (chosen) field.tell(name, value);
  };
  const input = h("select", { class: "select-field", ...field.labels, onchange: change }, empty, list);
  input.value = held ?? "";
  describe(all.find((option) => option.value === held));
  return h("div", { class: "select-box" }, input, more);
}

function boxesField(element, field, name, options = []) {
  const many = Array.isArray(field.read(name));
  const group = freshId("choice");
  const holds = (option) => [field.read(name)].flat().some((held) => keyOf(held) === option.value);
  const valueOf = (option) => (isWhole(name) ? option : option.value);
  const change = () => {
    const chosen = options.filter((_, at) => inputs[at].checked).map(valueOf);
    const value = many ? chosen : (chosen[0] ?? null);
    field.write(name, value);
    field.tell(name, value);
  };
  const inputs = options.map((option) =>
    h("input", {
      type: many ? "checkbox" : "radio",
      name: group,
      value: option.value,
      checked: holds(option),
      onchange: change,
    }),
  );
  const one = (option, at) =>
    h(
      "label",
      { class: "choice" },
      inputs[at],
      h(
        "span",
        { class: "choice-text" },
        textNode(option.text, "span"),
        option.description ? h("span", { class: "quiet" }, textNode(option.description, "span")) : null,
      ),
    );
  const kind = element.type.startsWith("multi_") ? "choices choices-boxed" : "choices";
  return h("div", { class: kind, role: many ? "group" : "radiogroup", ...field.labels }, options.map(one));
}
