// Knows the emoji: shortcode to character, and which of them this page draws itself.

import { drawnEmoji } from "./icons.js";
import { h } from "./dom.js";

// shortcode: [character, name of its drawing in icons.js, if there is one]
const EMOJI = {
  white_check_mark: ["✅", "white_check_mark"],
  heavy_check_mark: ["✔", "heavy_check_mark"],
  ballot_box_with_check: ["☑", "white_check_mark"],
  x: ["❌", "x"],
  negative_squared_cross_mark: ["❎", "x"],
  warning: ["⚠", "warning"],
  rotating_light: ["🚨", "rotating_light"],
  no_entry: ["⛔", "no_entry"],
  no_entry_sign: ["🚫", "no_entry"],
  octagonal_sign: ["🛑", "octagonal_sign"],
  exclamation: ["❗", "rotating_light"],
  question: ["❓", "question"],
  information_source: ["ℹ", "information_source"],
  hourglass_flowing_sand: ["⏳", "hourglass_flowing_sand"],
  hourglass: ["⌛", "hourglass_flowing_sand"],
  stopwatch: ["⏱", "clock"],
  timer_clock: ["⏲", "clock"],
  clock1: ["🕐", "clock"],
  clock3: ["🕒", "clock"],
  clock9: ["🕘", "clock"],
  mantelpiece_clock: ["🕰", "clock"],
  alarm_clock: ["⏰", "alarm_clock"],
  calendar: ["📅", "calendar"],
  date: ["📆", "calendar"],
  spiral_calendar_pad: ["🗓", "calendar"],
  arrow_forward: ["▶", "arrow_forward"],
  double_vertical_bar: ["⏸", "pause"],
  pause_button: ["⏸", "pause"],
  black_square_for_stop: ["⏹", "stop"],
  stop_button: ["⏹", "stop"],
  black_right_pointing_double_triangle_with_vertical_bar: ["⏭", "next"],
  fast_forward: ["⏩", "next"],
  repeat: ["🔁", "repeat"],
  arrows_counterclockwise: ["🔄", "repeat"],
  repeat_one: ["🔂", "repeat"],
  bell: ["🔔", "bell"],
  no_bell: ["🔕", "mute"],
  mute: ["🔇", "mute"],
  rocket: ["🚀", "rocket"],
  robot_face: ["🤖", "robot_face"],
  bar_chart: ["📊", "bar_chart"],
  chart_with_upwards_trend: ["📈", "bar_chart"],
  bulb: ["💡", "bulb"],
  key: ["🔑", "key"],
  lock: ["🔒", "lock"],
  gear: ["⚙", "gear"],
  wrench: ["🔧", "wrench"],
  hammer_and_wrench: ["🛠", "wrench"],
  pencil2: ["✏", "pencil2"],
  memo: ["📝", "pencil2"],
  wastebasket: ["🗑", "wastebasket"],
  mag: ["🔍", "mag"],
  link: ["🔗", "link"],
  page_facing_up: ["📄", "page"],
  clipboard: ["📋", "page"],
  newspaper: ["📰", "page"],
  speech_balloon: ["💬", "speech"],
  thread: ["🧵", "speech"],
  "+1": ["👍", "thumbsup"],
  thumbsup: ["👍", "thumbsup"],
  "-1": ["👎", "thumbsdown"],
  thumbsdown: ["👎", "thumbsdown"],
  eyes: ["👀", "eyes"],
  zap: ["⚡", "zap"],
  star: ["⭐", "star"],
  house: ["🏠", "house"],
  wave: ["👋", "wave"],
  tada: ["🎉", "tada"],
  zzz: ["💤", "zzz"],
  sparkles: ["✨", "sparkles"],
  red_circle: ["🔴", "red"],
  large_green_circle: ["🟢", "green"],
  large_yellow_circle: ["🟡", "yellow"],
  large_blue_circle: ["🔵", "blue"],
  white_circle: ["⚪", "white"],
  black_circle: ["⚫", "black"],
  heavy_minus_sign: ["➖", null],
  smile: ["😄", null],
  slightly_smiling_face: ["🙂", null],
  heart: ["❤", null],
  pray: ["🙏", null],
  moneybag: ["💰", null],
};

const NAME_OF = new Map(
  Object.entries(EMOJI)
    .map(([name, [sign]]) => [sign, name])
    .reverse(),
);
const SIGNS = new RegExp(`(${[...NAME_OF.keys()].join("|")})\uFE0F?`, "gu");

/** The emoji of a shortcode as a node; null when nobody knows the shortcode. */
export function emojiNode(name) {
  const bare = name.replace(/::skin-tone-\d$/, "");
  const found = EMOJI[bare];
  if (!found) return null;
  return (
    drawnEmoji(found[1], bare) ??
    h("span", { class: "emoji-text", role: "img", "aria-label": bare.replaceAll("_", " ") }, found[0])
  );
}

/** Text as nodes, with the characters that this page draws replaced by their drawings. */
export function withEmoji(text) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(SIGNS)) {
    if (match.index > last) nodes.push(text.slice(last, match.index));
    nodes.push(emojiNode(NAME_OF.get(match[1])));
    last = match.index + match[0].length;
  }
  if (last < text.length) nodes.push(text.slice(last));
  return nodes;
}

/** plain_text as nodes: shortcodes and emoji are drawn, nothing else has a meaning. */
export function plainNodes(text, emoji = true) {
  if (!emoji) return [text];
  return text.split(/(:[a-z0-9_+-]+:)/).flatMap((part) => {
    const node = /^:[a-z0-9_+-]+:$/.test(part) ? emojiNode(part.slice(1, -1)) : null;
    return node ?? withEmoji(part);
  });
}
