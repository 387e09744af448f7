// Draws the small pictures of people and of the app: initials on a colour of their own.

import { h } from "./dom.js";
import { shape } from "./icons.js";

const COLOURS = ["#3f6fb5", "#b4553f", "#3d8b6e", "#8a5bb0", "#b08428", "#b0487e", "#4f7d8f"];

export function avatarNode(name, { isApp = false, size = "" } = {}) {
  const box = h("span", { class: `avatar ${size} ${isApp ? "avatar-app" : ""}`, "aria-hidden": "true" });
  if (isApp) box.append(appMark());
  else box.append(initials(name));
  if (!isApp)
    box.style.background =
      COLOURS[
        [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 0) % COLOURS.length
      ];
  return box;
}

function initials(name) {
  return name
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0].toUpperCase())
    .join("");
}

/** The app's mark: three nodes of a workflow and the path between them. */
function appMark() {
  const svg = shape("svg", { viewBox: "0 0 24 24", width: "66%", height: "66%" });
  svg.append(
    shape("path", {
      d: "M6.5 7.5h6a4 4 0 0 1 4 4v2",
      fill: "none",
      stroke: "#8fd3c7",
      "stroke-width": 2.2,
      "stroke-linecap": "round",
    }),
  );
  svg.append(
    shape("path", {
      d: "M6.5 10v6.5h7",
      fill: "none",
      stroke: "#8fd3c7",
      "stroke-width": 2.2,
      "stroke-linecap": "round",
    }),
  );
  for (const [cx, cy] of [
    [6.5, 7.5],
    [16.5, 16.5],
  ])
    svg.append(shape("circle", { cx, cy, r: 3.2, fill: "#fff" }));
  return svg;
}
