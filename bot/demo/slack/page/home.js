// Draws the app's own place: its Home, its direct messages and what it is.

import { avatarNode } from "./avatar.js";
import { drawBlocks, idsOf } from "./blocks.js";
import { linkState, menuButton } from "./channel.js";
import { h, keep } from "./dom.js";
import { outline } from "./icons.js";
import { surfaceFor } from "./surface.js";
import { theApp, world } from "./world.js";

const TABS = [
  ["home", "Home"],
  ["messages", "Messages"],
  ["about", "About"],
];

/** The bar with the tabs; `go.app(tab)` changes it. */
export function appHead(go, openSidebar) {
  const app = theApp();
  const tab = ([name, label]) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        class: "tab",
        "aria-selected": String(world.place.tab === name),
        dataset: { tab: name },
        onclick: () => go.app(name),
      },
      label,
    );
  const title = h("h1", { class: "pane-title" }, app.name, h("span", { class: "badge" }, "App"));
  return h(
    "header",
    { class: "pane-head pane-head-tabs" },
    menuButton(openSidebar),
    avatarNode(app.name, { isApp: true }),
    h("div", { class: "pane-words" }, title, h("div", { class: "tabs", role: "tablist" }, TABS.map(tab))),
    linkState(),
  );
}

export function makeHome() {
  const blocks = h("div", { class: "blocks home-blocks" });
  const node = h("div", { class: "scroll home", role: "tabpanel", "aria-label": "Home" }, blocks);
  return { node, draw: () => drawHome(node, blocks) };
}

function drawHome(node, blocks) {
  const view = world.home;
  if (!view) {
    keep(blocks, [{ key: "none", sign: "1", make: () => emptyHome() }]);
    return;
  }
  const surface = surfaceFor(`home/${world.me.id}`, { home: true });
  surface.shown = idsOf(view.blocks);
  surface.held = view.state?.values ?? {};
  if (view.id) node.dataset.viewId = view.id;
  drawBlocks(blocks, view.blocks, surface);
}

function emptyHome() {
  return h(
    "div",
    { class: "empty" },
    h("div", { class: "empty-mark" }, outline("home", 30)),
    h("h2", {}, "Nothing here yet"),
    h(
      "p",
      {},
      "The app publishes its Home shortly after this tab is opened. Nothing comes? Then no bot is connected.",
    ),
  );
}

export function aboutNode() {
  const app = theApp();
  const commands = world.commands.map((one) =>
    h(
      "li",
      {},
      h("code", { class: "inline-code" }, `${one.command} ${one.usage_hint ?? ""}`.trim()),
      " ",
      one.description,
    ),
  );
  const shortcuts = world.shortcuts.map((one) =>
    h("li", {}, h("strong", {}, one.name), ` (${one.type}) `, one.description),
  );
  return h(
    "div",
    { class: "scroll home" },
    h(
      "div",
      { class: "home-blocks about" },
      h(
        "div",
        { class: "about-head" },
        avatarNode(app.name, { isApp: true, size: "avatar-large" }),
        h(
          "div",
          {},
          h("h2", {}, app.name),
          h("p", { class: "quiet" }, "The bot that is connected to this local workspace"),
        ),
      ),
      h("h3", {}, "Commands"),
      h("ul", {}, commands),
      h("h3", {}, "Shortcuts"),
      h("ul", {}, shortcuts),
      h(
        "p",
        { class: "quiet" },
        "This page stands in for Slack. It speaks only to this computer and loads nothing from anywhere else.",
      ),
    ),
  );
}
