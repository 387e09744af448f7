// Draws what may be meant while one types, and the usage of the command at hand.

import { complete } from "./complete.js";
import { h } from "./dom.js";
import { world } from "./world.js";

export function drawCompletions(parts) {
  const { kind, field, list, usage, at } = parts;
  const names = {
    commands: world.commands,
    channels: world.channels.filter((one) => !one.is_dm).map((one) => one.name),
    people: [...world.people.values()].map((one) => one.name),
  };
  const found = complete(field.value, field.selectionStart, names);
  const choices = kind === "thread" && field.value.startsWith("/") ? [] : found.choices;
  const done = choices.length === 1 && field.value.slice(found.from) === choices[0].text;
  Object.assign(at, {
    choices: done ? [] : choices,
    chosen: choices.length && !done ? 0 : -1,
    from: found.from,
  });
  usage.hidden = !found.usage || kind === "thread";
  if (found.usage)
    usage.replaceChildren(
      h("code", {}, `${found.usage.command} `, h("span", { class: "quiet" }, found.usage.hint)),
      h("span", { class: "quiet" }, found.usage.words),
    );
  if (kind === "thread" && field.value.startsWith("/")) showThreadWarning(usage);
  drawList(parts, list);
}

function showThreadWarning(usage) {
  usage.hidden = false;
  usage.replaceChildren(
    h("span", { class: "quiet" }, "Slash commands do not work in threads. Type it in the channel."),
  );
}

export function drawList({ field, at }, list) {
  const option = (choice, place) => {
    const marks = {
      role: "option",
      id: `${list.id}-${place}`,
      class: "completion",
      "aria-selected": String(place === at.chosen),
      dataset: { completion: choice.label },
    };
    const take = (event) => {
      event.preventDefault();
      list.dispatchEvent(new CustomEvent("take", { detail: place }));
    };
    return h(
      "div",
      { ...marks, onmousedown: take },
      h(
        "span",
        { class: "completion-label" },
        choice.label,
        " ",
        h("span", { class: "completion-hint" }, choice.hint),
      ),
      h("span", { class: "quiet" }, choice.words),
    );
  };
  list.replaceChildren(...at.choices.map(option));
  list.hidden = at.choices.length === 0;
  field.setAttribute("aria-expanded", String(!list.hidden));
  if (at.chosen >= 0) field.setAttribute("aria-activedescendant", `${list.id}-${at.chosen}`);
  else field.removeAttribute("aria-activedescendant");
  list.children[at.chosen]?.scrollIntoView({ block: "nearest" });
}

export function hideList(parts) {
  Object.assign(parts.at, { choices: [], chosen: -1 });
  drawList(parts, parts.list);
}
