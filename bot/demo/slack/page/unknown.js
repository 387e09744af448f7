// Shows what this page cannot draw, so that nothing an app sends is dropped in silence.

import { h } from "./dom.js";

export function unknown(kind, thing, tag = "div") {
  const type = thing?.type ?? "without a type";
  const source = JSON.stringify(thing, null, 2) ?? String(thing);
  const text = `Unknown ${kind}: ${type}`;
  if (tag === "span")
    return h("span", { class: "unknown", role: "note", title: source, dataset: { unknown: type } }, text);
  const more = h(
    "details",
    {},
    h("summary", {}, "Show its source"),
    h("pre", { class: "code" }, h("code", {}, source)),
  );
  return h(
    "div",
    { class: "unknown", role: "note", dataset: { unknown: type } },
    h("strong", {}, text),
    more,
  );
}
