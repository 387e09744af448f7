// Starts the page, finds its way by the address (#/person/channel/thread or #/person/app/tab) and redraws what changed.

import { renewDates, clockOf } from "./dates.js";
import { h } from "./dom.js";
import { channelHead, makeConversation } from "./channel.js";
import { aboutNode, appHead, makeHome } from "./home.js";
import { outline } from "./icons.js";
import { drawModals } from "./modal.js";
import { drawSidebar, markSeen } from "./sidebar.js";
import { permalinkHash, readHash, readPermalink, writeHash } from "./ways.js";
import { act, appChannel, channelById, enter, theApp, titleOf, toast, whenChanged, world } from "./world.js";

const RENEW_MS = 15_000;
const root = Object.fromEntries(
  ["frame", "sidebar", "veil", "pane", "thread"].map((id) => [id, document.getElementById(id)]),
);
const conversation = makeConversation("channel");
const thread = makeConversation("thread");
const home = makeHome();
let headSign = null;

const go = {
  channel: (id) => walk([world.me.id, id]),
  thread: (ts) => walk([world.me.id, world.place.channel, ts]),
  app: (tab) => walk([world.me.id, "app", tab]),
  person: (id) => walk([id, ...hereWithoutPerson()]),
};

function hereWithoutPerson() {
  return world.place.tab ? ["app", world.place.tab] : [world.place.channel];
}

function walk(steps) {
  const address = writeHash(...steps);
  closeSidebar();
  if (location.hash === address) arrive();
  else location.hash = address;
}

async function arrive() {
  const { person, first, thread: second, message } = readHash(location.hash);
  if (person && person !== world.me?.id) await enter(person);
  const before = world.place;
  world.place = placeOf(first, second);
  const openedHome = world.place.tab === "home" && (before.tab !== "home" || before.person !== world.me.id);
  world.place.person = world.me.id;
  draw();
  if (message) showMessage(message);
  if (world.place.tab === "messages" || openedHome)
    await act("home", { tab: world.place.tab }, { quiet: true });
}

/** Scrolls to the message of a permalink and lights it up for a moment. */
function showMessage(ts) {
  const node = document.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  if (!node) return toast("That message is not here, or not for you.");
  node.classList.add("found");
  node.scrollIntoView({ block: "center" });
}

function placeOf(first, second) {
  if (first === "app" && theApp()) {
    const tab = ["home", "messages", "about"].includes(second) ? second : "home";
    return { channel: tab === "messages" ? (appChannel()?.id ?? null) : null, thread: null, tab };
  }
  const channel = channelById(first) ?? firstChannel();
  if (channel && channel.id === appChannel()?.id)
    return { channel: channel.id, thread: second ?? null, tab: "messages" };
  return { channel: channel?.id ?? null, thread: second ?? null, tab: null };
}

/** Where something happened last, so that a newcomer does not begin in an empty channel. */
function firstChannel() {
  const open = world.channels.filter((one) => !one.is_dm && !one.is_archived);
  const own = open.filter((one) => one.is_member !== false);
  return newest(own) ?? own[0] ?? open[0] ?? world.channels[0] ?? null;
}

function newest(channels) {
  const last = (one) =>
    [...(world.messages[one.id] ?? []), ...(world.ephemerals[one.id] ?? [])]
      .map((message) => message.ts)
      .sort()
      .at(-1) ?? "";
  const found = [...channels].sort((left, right) => (last(left) < last(right) ? 1 : -1)).at(0);
  return found && last(found) ? found : null;
}

function draw() {
  if (!world.me) return;
  if (world.place.tab === "messages") world.place.channel ??= appChannel()?.id ?? null;
  if (world.place.channel && !channelById(world.place.channel))
    world.place = { ...placeOf(), person: world.me.id };
  if (world.place.channel) markSeen(world.place.channel);
  drawSidebar(root.sidebar, go);
  drawPane();
  drawThread();
  drawModals();
}

function drawPane() {
  const { tab, channel } = world.place;
  const found = channel ? channelById(channel) : null;
  document.title = `${tab ? theApp().name : found ? titleOf(found) : "Local Slack"} · Local Slack`;
  const sign = JSON.stringify([world.me.id, tab, found, world.linked]);
  const body =
    tab === "home"
      ? home.node
      : tab === "about"
        ? (root.pane.querySelector(".about")?.parentElement ?? aboutNode())
        : conversation.node;
  if (sign !== headSign || root.pane.lastChild !== body) {
    const head = tab
      ? appHead(go, openSidebar)
      : found
        ? channelHead(found, openSidebar)
        : h("header", { class: "pane-head" }, "No channel");
    const kept = root.pane.contains(document.activeElement) ? document.activeElement?.dataset?.tab : null;
    if (root.pane.lastChild === body) root.pane.firstChild.replaceWith(head);
    else root.pane.replaceChildren(head, body);
    if (kept) root.pane.querySelector(`[data-tab="${kept}"]`)?.focus();
    headSign = sign;
  }
  if (tab === "home") home.draw();
  else if (tab !== "about" && channel) conversation.draw(world.place, openThread);
}

function openThread(ts) {
  go.thread(ts);
}

function drawThread() {
  const { channel, thread: ts } = world.place;
  const shown = Boolean(ts && channel);
  root.thread.hidden = !shown;
  root.frame.classList.toggle("with-thread", shown);
  if (!shown) return;
  if (!thread.node.isConnected) {
    const close = h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Close the thread",
        dataset: { close: "thread" },
        onclick: () => walk([world.me.id, world.place.channel]),
      },
      outline("close"),
    );
    root.thread.replaceChildren(
      h(
        "header",
        { class: "pane-head" },
        h(
          "div",
          { class: "pane-words" },
          h("h2", { class: "pane-title" }, "Thread"),
          h("div", { class: "quiet thread-place" }),
        ),
        close,
      ),
      thread.node,
    );
  }
  const found = channelById(channel);
  root.thread.querySelector(".thread-place").textContent = found.is_dm ? titleOf(found) : `#${found.name}`;
  thread.draw(world.place, openThread);
}

function openSidebar() {
  root.sidebar.classList.add("open");
  root.veil.hidden = false;
  root.sidebar.querySelector("[aria-current], .person")?.focus();
}

function closeSidebar() {
  root.sidebar.classList.remove("open");
  root.veil.hidden = true;
}

function renew() {
  if (!world.me) return;
  renewDates(document);
  const clock = document.querySelector("[data-clock]");
  if (clock) clock.textContent = clockOf(world.me);
}

async function start() {
  whenChanged(draw);
  root.veil.addEventListener("click", closeSidebar);
  addEventListener("hashchange", () => arrive().catch(fail));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeSidebar();
  });
  setInterval(renew, RENEW_MS);
  await enter(readHash(location.hash).person);
  const linked = readPermalink(new URL(location.href));
  if (linked) history.replaceState(null, "", `/${permalinkHash(world.me.id, linked)}`);
  await arrive();
  document.getElementById("composer")?.focus({ preventScroll: true });
}

function fail(error) {
  toast(`The local Slack does not answer (${error.message}). Start it, then reload this page.`, "error");
}

start().catch(fail);
