// Writes instants in the zone and language of the person who reads: all of Slack's date tokens.

import { h } from "./dom.js";
import { nowMs, world } from "./world.js";

const HALF_A_YEAR_S = 183 * 24 * 3600;
const TOKEN = /\{([a-z_]+)\}/g;
const UNITS = [
  ["year", 31557600],
  ["month", 2629800],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

const formats = new Map();
function intl(options, zone, locale) {
  const key = JSON.stringify([options, zone, locale]);
  if (!formats.has(key)) formats.set(key, makeFormat(options, zone, locale));
  return formats.get(key);
}

function makeFormat(options, zone, locale) {
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" });
  }
}

export function zoneOf(person = world.me) {
  return person?.tz || "UTC";
}

function localeOf(person = world.me) {
  return (person?.locale || "en-US").replace("_", "-");
}

/** Year, month, day, hour, minute, second on the wall clock of a zone, as numbers. */
export function wallClock(instant, zone = zoneOf()) {
  const options = {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    hourCycle: "h23",
  };
  const parts = intl(options, zone, "en-US").formatToParts(instant);
  return Object.fromEntries(
    parts.filter((part) => part.type !== "literal").map((part) => [part.type, Number(part.value)]),
  );
}

/** The instant (Unix seconds) at which the wall clock of `zone` shows the text `YYYY-MM-DDTHH:MM`. */
export function instantOf(local, zone = zoneOf()) {
  const asUtc = Date.parse(`${local}Z`) / 1000;
  if (Number.isNaN(asUtc)) return null;
  let guess = asUtc;
  for (let turn = 0; turn < 2; turn += 1) guess = asUtc - offsetAt(guess, zone);
  return guess;
}

function offsetAt(seconds, zone) {
  const clock = wallClock(new Date(seconds * 1000), zone);
  return (
    Date.UTC(clock.year, clock.month - 1, clock.day, clock.hour, clock.minute, clock.second) / 1000 - seconds
  );
}

function dayNumber(instant) {
  const clock = wallClock(instant);
  return Math.round(Date.UTC(clock.year, clock.month - 1, clock.day) / 86_400_000);
}

function nearDay(instant) {
  const days = dayNumber(instant) - dayNumber(new Date(nowMs()));
  if (Math.abs(days) > 1) return null;
  return new Intl.RelativeTimeFormat(localeOf(), { numeric: "auto" }).format(days, "day");
}

function ordinal(day) {
  const tens = day % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th");
  return `${day}${ending}`;
}

const isEnglish = () => localeOf().startsWith("en");
const isNear = (instant) => Math.abs(instant - nowMs()) / 1000 < HALF_A_YEAR_S;
const say = (instant, options) => intl(options, zoneOf(), localeOf()).format(instant);

function longDate(instant, { weekday = false, year = true } = {}) {
  const options = {
    month: "long",
    day: "numeric",
    ...(weekday && { weekday: "long" }),
    ...(year && { year: "numeric" }),
  };
  if (!isEnglish()) return say(instant, options);
  const head = weekday ? `${say(instant, { weekday: "long" })}, ` : "";
  const tail = year ? `, ${wallClock(instant).year}` : "";
  return `${head}${say(instant, { month: "long" })} ${ordinal(wallClock(instant).day)}${tail}`;
}

const sayDate = (instant) => longDate(instant, { year: !isNear(instant) });
const sayShort = (instant) =>
  say(instant, { month: "short", day: "numeric", ...(!isNear(instant) && { year: "numeric" }) });
const sayLong = (instant) => longDate(instant, { weekday: true });

const TOKENS = {
  date_num: (at) => {
    const clock = wallClock(at);
    return [String(clock.year).padStart(4, "0"), pad(clock.month), pad(clock.day)].join("-");
  },
  date_slash: (at) => say(at, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date_long: sayLong,
  date_long_full: (at) => say(at, { year: "numeric", month: "long", day: "numeric" }),
  date_long_pretty: (at) => nearDay(at) ?? sayLong(at),
  date: sayDate,
  date_pretty: (at) => nearDay(at) ?? sayDate(at),
  date_short: sayShort,
  date_short_pretty: (at) => nearDay(at) ?? sayShort(at),
  day_divider_pretty: (at) =>
    nearDay(at) ??
    longDate(at, { weekday: true, year: wallClock(at).year !== wallClock(new Date(nowMs())).year }),
  time: (at) => say(at, { hour: "numeric", minute: "2-digit" }),
  time_secs: (at) => say(at, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: sayAgo,
};

const pad = (number) => String(number).padStart(2, "0");

function sayAgo(instant) {
  const seconds = (instant - nowMs()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(localeOf(), { numeric: "auto" }).format(
    Math.round(seconds / size),
    unit,
  );
}

/** Fills a format such as `{date_short_pretty} at {time}`; an unknown token is left as it stands, as Slack does. */
export function fillDate(seconds, format) {
  const instant = new Date(seconds * 1000);
  return format.replace(TOKEN, (whole, name, at) => {
    const text = TOKENS[name]?.(instant) ?? whole;
    return at === 0 ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  });
}

/** A <time> in the reader's zone; `fallback` is shown when the instant makes no sense. */
export function dateNode(seconds, format, fallback = "") {
  const number = Number(seconds);
  if (!Number.isFinite(number) || !format) return h("span", {}, fallback || String(seconds));
  const iso = new Date(number * 1000).toISOString();
  const full = `${fillDate(number, "{date_long} {time_secs}")} · ${zoneOf()}`;
  return h(
    "time",
    { class: "date", datetime: iso, title: full, dataset: { seconds: number, format } },
    fillDate(number, format),
  );
}

/** Writes "3 minutes ago" and "today" anew in every <time> below `root`. */
export function renewDates(root) {
  for (const node of root.querySelectorAll("time[data-format]")) {
    const text = fillDate(Number(node.dataset.seconds), node.dataset.format);
    if (node.textContent !== text) node.textContent = text;
  }
}

export function clockOf(person) {
  return intl({ hour: "numeric", minute: "2-digit" }, zoneOf(person), localeOf(world.me)).format(nowMs());
}

/** "Asia/Tokyo" as "Tokyo · UTC+9". */
export function zoneWords(person) {
  const zone = zoneOf(person);
  const part = intl({ timeZoneName: "shortOffset" }, zone, "en-US").formatToParts(nowMs());
  const offset = part.find((piece) => piece.type === "timeZoneName")?.value.replace("GMT", "UTC") ?? "";
  return `${zone} · ${offset === "UTC" ? "UTC+0" : offset}`;
}
