// Draws the fields that one types into.

import { h } from "./dom.js";

export function textField(element, field, marks = {}) {
  const take = () => field.write("value", input.value === "" ? null : input.value);
  const tell = () => field.tell("value", input.value === "" ? null : input.value);
  const when = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const onKey = (event) => {
    if (event.key !== "Enter" || event.isComposing || element.multiline) return;
    event.preventDefault();
    take();
    if (when.includes("on_enter_pressed")) tell();
  };
  const onInput = () => {
    take();
    if (when.includes("on_character_entered")) tell();
  };
  const common = {
    class: "text-field",
    placeholder: element.placeholder?.text,
    maxlength: element.max_length ?? (element.type === "plain_text_input" ? 3000 : null),
    ...field.labels,
    ...marks,
  };
  const input = h(element.multiline ? "textarea" : "input", {
    ...common,
    rows: element.multiline ? 4 : null,
    value: field.read("value") ?? "",
    oninput: onInput,
    onkeydown: onKey,
  });
  return input;
}

export function richField(element, field) {
  const paragraph = (text) => ({
    type: "rich_text",
    elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }],
  });
  const held = field.read("rich_text_value");
  const text = (held?.elements ?? [])
    .flatMap((part) => part.elements ?? [])
    .map((part) => part.text ?? "")
    .join("");
  const input = h("textarea", {
    class: "text-field",
    rows: 4,
    placeholder: element.placeholder?.text,
    ...field.labels,
    value: text,
    oninput: () => field.write("rich_text_value", input.value ? paragraph(input.value) : null),
  });
  return input;
}
