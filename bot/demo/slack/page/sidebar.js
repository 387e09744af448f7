// Draws the sidebar: who one is, channels, direct messages and the app, with what is unread.

import { avatarNode } from "./avatar.js";
import { clockOf, zoneWords } from "./dates.js";
import { h, openMenu, rove } from "./dom.js";
import { outline } from "./icons.js";
import { appChannel, otherIn, theApp, titleOf, world } from "./world.js";

const SEEN_KEY = "local-slack.seen";
const seen = JSON.parse(localStorage.getItem(SEEN_KEY) ?? "{}");

const seenKey = (channel) => `${world.me.id}/${channel}`;
const newestIn = (channel) =>
  (world.messages[channel] ?? []).reduce(
    (newest, message) => (message.ts > newest ? message.ts : newest),
    "0",
  );

export function markSeen(channel) {
  if (seen[seenKey(channel)] === newestIn(channel)) return;
  seen[seenKey(channel)] = newestIn(channel);
  localStorage.setItem(SEEN_KEY, JSON.stringify(seen));
}

/** {count, pinged} of what arrived since one last looked; a channel never seen before counts as read. */
function unread(channel) {
  const since = seen[seenKey(channel.id)];
  if (since === undefined) markSeen(channel.id);
  const fresh = (world.messages[channel.id] ?? []).filter(
    (message) => message.ts > (since ?? newestIn(channel.id)) && message.user !== world.me.id,
  );
  const loud = new RegExp(`<@${world.me.id}>|<!(channel|here|everyone)>`);
  return { count: fresh.length, pinged: fresh.some((message) => loud.test(JSON.stringify(message))) };
}

/** Redraws the sidebar; `go` = {channel(id), app(tab), person(id)}. */
export function drawSidebar(root, go) {
  const channels = world.channels.filter((one) => !one.is_dm && !one.is_archived);
  const archived = world.channels.filter((one) => !one.is_dm && one.is_archived);
  const app = theApp();
  const direct = world.channels.filter((one) => one.is_dm && otherIn(one)?.id !== app?.id);
  const place = root.querySelector(".sidebar-lists")?.scrollTop ?? 0;
  const focus = document.activeElement?.closest?.("#sidebar [data-nav]")?.dataset.nav;
  root.replaceChildren(
    h(
      "div",
      { class: "workspace" },
      h("span", { class: "workspace-mark", "aria-hidden": "true" }, outline("thread", 18)),
      h("span", { class: "workspace-name" }, "Local Slack"),
    ),
    personButton(go),
    h(
      "div",
      { class: "sidebar-lists" },
      app ? group("App", [appItem(app, go)]) : null,
      group(
        "Channels",
        channels.map((one) => channelItem(one, go)),
      ),
      direct.length
        ? group(
            "Direct messages",
            direct.map((one) => channelItem(one, go)),
          )
        : null,
      archived.length
        ? group(
            "Archived",
            archived.map((one) => channelItem(one, go)),
          )
        : null,
    ),
  );
  root.querySelector(".sidebar-lists").scrollTop = place;
  if (focus) root.querySelector(`[data-nav="${CSS.escape(focus)}"]`)?.focus();
}

function group(title, items) {
  return h(
    "section",
    { class: "nav-group" },
    h("h2", { class: "nav-title" }, title),
    h(
      "ul",
      {},
      items.map((item) => h("li", {}, item)),
    ),
  );
}

function navButton({ key, current, sign, label, tail, news, onclick, data = {} }) {
  const badge = news?.count
    ? h(
        "span",
        { class: `news${news.pinged ? " news-loud" : ""}`, "aria-label": `${news.count} unread` },
        news.count,
      )
    : null;
  return h(
    "button",
    {
      type: "button",
      class: `nav-item${news?.count ? " nav-fresh" : ""}`,
      "aria-current": current ? "page" : null,
      dataset: { nav: key, ...data },
      onclick,
    },
    sign,
    h("span", { class: "nav-label" }, label),
    tail,
    badge,
  );
}

function channelItem(channel, go) {
  const other = channel.is_dm ? otherIn(channel) : null;
  const sign = other
    ? avatarNode(other.name, { size: "avatar-small" })
    : outline(channel.is_archived ? "archive" : channel.is_private ? "lock" : "hash", 17);
  const current = world.place.tab === null && world.place.channel === channel.id;
  const tail = other?.id === world.me.id ? h("span", { class: "quiet" }, "you") : null;
  return navButton({
    key: channel.id,
    current,
    sign,
    label: titleOf(channel),
    tail,
    news: current ? null : unread(channel),
    onclick: () => go.channel(channel.id),
    data: { channel: channel.id },
  });
}

function appItem(app, go) {
  const channel = appChannel();
  const news = channel && world.place.tab !== "messages" ? unread(channel) : null;
  const mark = h("span", { class: "badge" }, "App");
  return navButton({
    key: "app",
    current: world.place.tab !== null,
    sign: avatarNode(app.name, { isApp: true, size: "avatar-small" }),
    label: app.name,
    tail: mark,
    news,
    onclick: () => go.app("home"),
    data: { app: app.id },
  });
}

function roleOf(person) {
  return person.is_admin ? "admin" : person.is_guest ? "guest" : "member";
}

function personButton(go) {
  const me = world.me;
  const words = h(
    "span",
    { class: "person-words" },
    h("span", { class: "person-name" }, me.name, h("span", { class: "badge" }, roleOf(me))),
    h("span", { class: "quiet" }, me.tz ?? "UTC"),
    h("span", { class: "quiet" }, "local time ", h("span", { dataset: { clock: me.id } }, clockOf(me))),
  );
  return h(
    "button",
    {
      type: "button",
      class: "person",
      "aria-haspopup": "menu",
      "aria-label": `You are ${me.name}. Change person`,
      title: "Change who you are",
      dataset: { nav: "person", switcher: "" },
      onclick: (event) => openPeople(event.currentTarget, go),
    },
    avatarNode(me.name),
    words,
    outline("down", 16),
  );
}

function openPeople(anchor, go) {
  const menu = h("div", { role: "menu", "aria-label": "Be another person" });
  const item = (person) => {
    const mine = person.id === world.me.id;
    const words = h(
      "span",
      { class: "person-words" },
      h("span", { class: "person-name" }, person.name, h("span", { class: "badge" }, roleOf(person))),
      h(
        "span",
        { class: "quiet" },
        `${clockOf(person)} · ${zoneWords(person)} · ${person.locale ?? "en-US"}`,
      ),
    );
    return h(
      "button",
      {
        type: "button",
        role: "menuitemradio",
        "aria-checked": String(mine),
        class: "menu-item menu-person",
        dataset: { person: person.id },
        onclick: () => {
          close();
          if (!mine) go.person(person.id);
        },
      },
      avatarNode(person.name),
      words,
      mine ? outline("check", 16) : null,
    );
  };
  menu.append(
    h("div", { class: "menu-title" }, "Be another person"),
    ...[...world.people.values()].filter((person) => !person.is_bot && !person.deleted).map(item),
  );
  rove(menu, "[role=menuitemradio]");
  const close = openMenu(anchor, menu, { width: 340 });
}
