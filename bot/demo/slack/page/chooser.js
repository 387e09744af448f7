// A field whose options come from the app while one types: external_select, single and multiple.

import { freshId, h } from "./dom.js";
import { inPlain } from "./mrkdwn.js";
import { suggest } from "./surface.js";

const PAUSE_MS = 180;

export function chooserNode(element, field, { many }) {
  const name = many ? "selected_options" : "selected_option";
  const listId = freshId("options");
  const state = { options: [], at: -1, asked: 0, timer: 0 };
  const chosen = h("div", { class: "chips" });
  const list = h("div", { id: listId, role: "listbox", class: "option-list", hidden: true });
  const input = h("input", {
    class: "text-field",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": listId,
    "aria-autocomplete": "list",
    autocomplete: "off",
    placeholder: element.placeholder?.text ?? "Type to search",
    ...field.labels,
    oninput: () => plan(),
    onfocus: () => plan(0),
    onkeydown: onKey,
    onblur: () => setTimeout(close, PAUSE_MS),
  });

  const held = () => [field.read(name)].flat().filter(Boolean);
  const hold = (options) => {
    const value = many ? options : (options[0] ?? null);
    field.write(name, value);
    field.tell(name, value);
    drawChips();
  };

  function drawChips() {
    const chip = (option) =>
      h(
        "span",
        { class: "chip" },
        inPlain(option.text),
        h(
          "button",
          {
            type: "button",
            class: "chip-close",
            "aria-label": `Remove ${option.text?.text}`,
            onclick: () => hold(held().filter((one) => one.value !== option.value)),
          },
          "×",
        ),
      );
    chosen.replaceChildren(...held().map(chip));
  }

  function plan(pause = PAUSE_MS) {
    clearTimeout(state.timer);
    const least = element.min_query_length ?? 3;
    if (input.value.length < least) return close();
    state.timer = setTimeout(fetchOptions, pause);
  }

  async function fetchOptions() {
    const ask = (state.asked += 1);
    const answer = await suggest(field.surface, field.blockId, element.action_id, input.value);
    if (ask !== state.asked || !input.isConnected) return;
    state.options = answer.options ?? answer.option_groups?.flatMap((group) => group.options) ?? [];
    state.at = state.options.length ? 0 : -1;
    drawList(answer.ok === false ? "The app gave no options." : "Nothing found.");
  }

  function drawList(empty) {
    const node = (option, at) =>
      h(
        "div",
        {
          role: "option",
          id: `${listId}-${at}`,
          class: "option",
          "aria-selected": String(at === state.at),
          dataset: { value: option.value },
          onmousedown: (event) => {
            event.preventDefault();
            choose(option);
          },
        },
        inPlain(option.text),
        option.description ? h("span", { class: "quiet" }, inPlain(option.description)) : null,
      );
    list.replaceChildren(
      ...(state.options.length ? state.options.map(node) : [h("div", { class: "option quiet" }, empty)]),
    );
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    if (state.at >= 0) input.setAttribute("aria-activedescendant", `${listId}-${state.at}`);
    list.children[state.at]?.scrollIntoView({ block: "nearest" });
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  }

  function choose(option) {
    input.value = "";
    close();
    hold(many ? [...held().filter((one) => one.value !== option.value), option] : [option]);
  }

  function onKey(event) {
    if (event.key === "Enter") event.preventDefault();
    if (list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      state.at = Math.max(0, Math.min(state.options.length - 1, state.at + step));
      drawList("");
    } else if (event.key === "Enter" && state.options[state.at]) choose(state.options[state.at]);
    else if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
  }

  drawChips();
  return h("div", { class: "chooser" }, chosen, input, list);
}
