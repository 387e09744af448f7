// What the page knows: the newest state of the workspace as one person sees it, and where that person is looking.

import { ask, follow, sayError, tell } from "./wire.js";

export const world = {
  me: null,
  people: new Map(),
  channels: [],
  messages: {},
  ephemerals: {},
  views: [],
  home: null,
  rev: null,
  files: new Map(),
  skewMs: 0,
  commands: [],
  shortcuts: [],
  linked: true,
  place: { channel: null, thread: null, tab: null },
};

const DEFAULT_SHORTCUTS = [
  { name: "New scheduled job", type: "global", callback_id: "job_new" },
  { name: "Run a workflow on this", type: "message", callback_id: "run_on_message" },
];

let redraw = () => {};
let closeStream = () => {};
let fetching = null;
let again = false;
const PERSON_KEY = "local-slack.person";

export function whenChanged(draw) {
  redraw = draw;
}

export function changed() {
  redraw();
}

export async function enter(userId) {
  const state = await ask("state", userId ?? localStorage.getItem(PERSON_KEY)).catch(() => ask("state"));
  take(state);
  localStorage.setItem(PERSON_KEY, world.me.id);
  closeStream();
  closeStream = follow(world.me.id, (rev) => rev !== world.rev && refresh(), setLinked);
  const commands = await ask("commands", world.me.id).catch(() => []);
  world.commands = Array.isArray(commands) ? commands : (commands.commands ?? []);
  world.shortcuts = state.shortcuts ?? commands.shortcuts ?? DEFAULT_SHORTCUTS;
}

function setLinked(linked) {
  if (world.linked === linked) return;
  world.linked = linked;
  if (linked) refresh();
  redraw();
}

function take(state) {
  const me = typeof state.me === "string" ? state.people.find((person) => person.id === state.me) : state.me;
  world.me = me ?? state.people[0];
  world.people = new Map(state.people.map((person) => [person.id, person]));
  world.channels = state.channels ?? [];
  world.messages = state.messages ?? {};
  world.ephemerals = state.ephemerals ?? {};
  world.views = state.views ?? [];
  world.home = state.home ?? null;
  world.rev = state.rev;
  world.files = new Map((state.files ?? []).map((file) => [file.id, file]));
  world.skewMs = state.now ? state.now * 1000 - Date.now() : 0;
}

/** Fetches the state once more; calls that arrive meanwhile are folded into one further fetch. */
async function refresh() {
  if (fetching) {
    again = true;
    return fetching;
  }
  fetching = fetchState();
  await fetching;
  fetching = null;
  if (again) {
    again = false;
    await refresh();
  }
}

async function fetchState() {
  const asked = world.me.id;
  try {
    const state = await ask("state", asked);
    if (asked === world.me.id) take(state);
  } catch {
    world.linked = false;
  }
  redraw();
}

/** Does a deed as the present person, shows its notice or error, and fetches what changed. */
export async function act(path, body, { quiet = false } = {}) {
  const answer = await tell(path, { user: world.me.id, ...body });
  if (!answer.ok && !answer.errors && !quiet) toast(sayError(answer), "error");
  else if (answer.notice && !quiet) toast(answer.notice);
  await refresh();
  return answer;
}

const TOAST_FOR_MS = 7000;

export function toast(text, level = "info") {
  const note = document.createElement("div");
  note.className = `toast toast-${level}`;
  note.textContent = text;
  const box = document.getElementById("toasts");
  box.append(note);
  if (box.matches(":popover-open")) box.hidePopover();
  box.showPopover(); // anew, so that it lies above a dialog that was opened meanwhile
  setTimeout(() => {
    note.remove();
    if (!box.childElementCount && box.matches(":popover-open")) box.hidePopover();
  }, TOAST_FOR_MS);
}

/** What the workspace's clock shows, in milliseconds; a test may have turned it. */
export function nowMs() {
  return Date.now() + world.skewMs;
}

export function theApp() {
  return [...world.people.values()].find((person) => person.is_bot) ?? null;
}

export function appChannel() {
  const app = theApp();
  return app ? (world.channels.find((it) => it.is_dm && otherIn(it)?.id === app.id) ?? null) : null;
}

export function channelById(id) {
  return world.channels.find((channel) => channel.id === id) ?? null;
}

/** The other person of a direct message (oneself when it is a note to self). */
export function otherIn(channel) {
  const ids = Array.isArray(channel.members) ? channel.members : [];
  const other = ids.find((id) => id !== world.me.id) ?? channel.user ?? ids[0];
  return world.people.get(other) ?? null;
}

export function titleOf(channel) {
  if (!channel.is_dm) return channel.name;
  return otherIn(channel)?.name ?? channel.name ?? "Direct message";
}

export function authorOf(message) {
  const person = world.people.get(message.user) ?? (message.bot_id ? botWith(message.bot_id) : null);
  const named = message.username ?? message.app_name ?? message.bot_profile?.name;
  const isApp = Boolean(message.bot_id || person?.is_bot);
  return {
    id: person?.id ?? message.bot_id ?? message.user ?? "?",
    name: named ?? person?.name ?? "Unknown",
    isApp,
  };
}

function botWith(botId) {
  const bots = [...world.people.values()].filter((person) => person.is_bot);
  return bots.find((bot) => bot.bot_id === botId || bot.id === botId) ?? bots[0] ?? null;
}
