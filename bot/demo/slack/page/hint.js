// The panel that greets a newcomer: what to type first. Dismissed once, it stays away.

import { h } from "./dom.js";
import { outline } from "./icons.js";
import { changed } from "./world.js";

const SEEN_KEY = "local-slack.hint-seen";
const EXAMPLES = ["/dify help", "/dify schedule", "/dify list"];

/** The panel, or null once it was dismissed; `fill(text)` puts an example into the composer. */
export function hintNode(fill) {
  if (localStorage.getItem(SEEN_KEY)) return null;
  const close = () => {
    localStorage.setItem(SEEN_KEY, "1");
    changed();
  };
  const example = (text) =>
    h(
      "button",
      {
        type: "button",
        class: "example",
        dataset: { example: text },
        onclick: () => fill(`${text} `.replace("help ", "help")),
      },
      text,
    );
  const words = h(
    "div",
    { class: "hint-words" },
    h("strong", {}, "New here? "),
    "Try typing: ",
    h("code", { class: "inline-code" }, "/dify schedule …"),
    " and press the buttons of the answer.",
  );
  const shut = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Dismiss this hint",
      dataset: { dismiss: "hint" },
      onclick: close,
    },
    outline("close", 16),
  );
  return h(
    "section",
    { class: "hint", "aria-label": "First steps" },
    h("span", { class: "hint-mark" }, outline("bulb", 20)),
    h("div", { class: "hint-body" }, words, h("div", { class: "examples" }, EXAMPLES.map(example))),
    shut,
  );
}
