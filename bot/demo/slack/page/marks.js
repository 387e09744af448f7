// Reads the marks inside a line of Markdown: emphasis, code, links, emoji, Slack's tokens.

import { h } from "./dom.js";
import { emojiNode, withEmoji } from "./emoji.js";
import { linkNode } from "./links.js";
import { angleNode, unescape } from "./mrkdwn.js";

const MOST_NESTING = 10;
const MARKS = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "s"],
  ["*", "em"],
  ["_", "em"],
];
const WORD = /[\p{L}\p{N}]/u;

/** Inline Markdown as nodes; line breaks are kept. */
export function readMarks(text, depth = 0) {
  const out = [];
  const dead = new Set();
  let run = "";
  const flush = () => {
    if (run) out.push(...withBreaks(unescape(run)));
    run = "";
  };
  for (let at = 0; at < text.length;) {
    const found = readMark(text, at, depth, dead);
    if (!found) run += text[at++];
    else {
      if (found.text !== undefined) run += found.text;
      else {
        flush();
        out.push(found.node);
      }
      at = found.end;
    }
  }
  flush();
  return out;
}

function withBreaks(text) {
  return text
    .split("\n")
    .flatMap((line, at) => [at > 0 ? h("br") : null, ...withEmoji(line)])
    .filter(Boolean);
}

function readMark(text, at, depth, dead) {
  const sign = text[at];
  if (sign === "\\" && /[\\`*_{}[\]()#+\-.!|<>~:]/.test(text[at + 1] ?? ""))
    return { text: text[at + 1], end: at + 2 };
  if (sign === "`") return readCode(text, at);
  if (sign === "<") return readAngle(text, at);
  if (sign === "[" || (sign === "!" && text[at + 1] === "[")) return readLink(text, at, depth);
  if (sign === ":") return readShortcode(text, at);
  if (sign === "h" && !WORD.test(text[at - 1] ?? "")) return readUrl(text, at);
  return depth < MOST_NESTING ? readEmphasis(text, at, depth, dead) : null;
}

function readCode(text, at) {
  const ticks = /^`+/.exec(text.slice(at))[0];
  const end = text.indexOf(ticks, at + ticks.length);
  if (end < 0) return { text: ticks, end: at + ticks.length };
  const code = unescape(text.slice(at + ticks.length, end)).replace(/^ (.+) $/, "$1");
  return { node: h("code", { class: "inline-code" }, code), end: end + ticks.length };
}

function readAngle(text, at) {
  const end = text.indexOf(">", at);
  const node = end < 0 ? null : angleNode(text.slice(at + 1, end));
  return node ? { node, end: end + 1 } : null;
}

function readShortcode(text, at) {
  const match = /^:([a-z0-9_+-]+):/.exec(text.slice(at, at + 80));
  const node = match && emojiNode(match[1]);
  return node ? { node, end: at + match[0].length } : null;
}

function readUrl(text, at) {
  const match = /^https?:\/\/[^\s<>|]+[^\s<>|.,:;!?)\]'"*_~`]/.exec(text.slice(at, at + 3000));
  return match ? { node: linkNode(unescape(match[0])), end: at + match[0].length } : null;
}

function readLink(text, at, depth) {
  const image = text[at] === "!";
  const match =
    /^!?\[((?:[^[\]\\]|\\.|\[[^[\]]*\])*)\]\(\s*<?((?:[^\s()<>]|\([^\s()]*\))*)>?(?:\s+["'(][^"')]*["')])?\s*\)/.exec(
      text.slice(at, at + 5000),
    );
  if (!match || (image && !match[2])) return null;
  const label = image ? [match[1] ? `Image: ${match[1]}` : "Image"] : readMarks(match[1], depth + 1);
  return { node: linkNode(unescape(match[2]), label, { showHost: true }), end: at + match[0].length };
}

function readEmphasis(text, at, depth, dead) {
  for (const [mark, tag] of MARKS) {
    if (!text.startsWith(mark, at) || dead.has(mark)) continue;
    const after = text[at + mark.length] ?? " ";
    if (/\s/.test(after) || (mark.includes("_") && WORD.test(text[at - 1] ?? ""))) continue;
    const end = findEnd(text, at + mark.length, mark);
    if (end < 0) {
      dead.add(mark);
      continue;
    }
    return {
      node: h(tag, {}, readMarks(text.slice(at + mark.length, end), depth + 1)),
      end: end + mark.length,
    };
  }
  return null;
}

function findEnd(text, from, mark) {
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + 1)) {
    const doubled = mark.length === 1 && (text[at + 1] === mark || text[at - 1] === mark);
    const inWord = mark.includes("_") && WORD.test(text[at + mark.length] ?? "");
    if (at > from && !doubled && !inWord && !/\s/.test(text[at - 1]) && text[at - 1] !== "\\") return at;
  }
  return -1;
}
