// Reads Slack's mrkdwn into DOM nodes.

import { dateNode } from "./dates.js";
import { h } from "./dom.js";
import { emojiNode, withEmoji } from "./emoji.js";
import { channelNode, groupNode, labelNodes, linkNode, personNode, pingNode } from "./links.js";

const WRAPS = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const BARE_URL = /^https?:\/\/[^\s<>|]+[^\s<>|.,:;!?)\]'"*_~`]/;
const MOST_NESTING = 8;

export const unescape = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A whole mrkdwn text: fenced code, quotes and lines. */
export function mrkdwn(text) {
  const box = h("div", { class: "mrkdwn" });
  const parts = String(text ?? "").split("```");
  parts.forEach((part, at) => {
    const fenced = at % 2 === 1 && at < parts.length - 1;
    if (fenced)
      box.append(h("pre", { class: "code" }, h("code", {}, unescape(part.replace(/^\n|\n$/g, "")))));
    else for (const node of readLines(at % 2 === 1 ? "```" + part : part)) box.append(node);
  });
  return box;
}

function readLines(text) {
  const nodes = [];
  let lines = [];
  let quoted = false;
  const flush = () => {
    const body = quoted ? lines : trimBlank(lines);
    if (body.length) nodes.push(h(quoted ? "blockquote" : "p", {}, joinLines(body)));
    lines = [];
  };
  const all = text.split("\n");
  for (let at = 0; at < all.length; at += 1) {
    const rest = /^(?:>|&gt;){3}\s?/.exec(all[at]);
    const mark = rest ?? /^(?:>|&gt;)\s?/.exec(all[at]);
    if (Boolean(mark) !== quoted) flush();
    quoted = Boolean(mark);
    if (rest) {
      lines = [all[at].slice(rest[0].length), ...all.slice(at + 1)];
      break;
    }
    lines.push(mark ? all[at].slice(mark[0].length) : all[at]);
  }
  flush();
  return nodes;
}

function trimBlank(lines) {
  let [from, to] = [0, lines.length];
  while (from < to && !lines[from].trim()) from += 1;
  while (to > from && !lines[to - 1].trim()) to -= 1;
  return lines.slice(from, to);
}

function joinLines(lines) {
  return lines.flatMap((line, at) => {
    if (!line.trim() && at > 0) return [h("span", { class: "gap" })];
    const broken = at > 0 && lines[at - 1].trim();
    return [broken ? h("br") : null, ...readInline(line)];
  });
}

/** One line of mrkdwn as nodes. */
function readInline(text, depth = 0) {
  const out = [];
  const dead = new Set();
  let run = "";
  const flush = () => {
    if (run) out.push(...withEmoji(unescape(run)));
    run = "";
  };
  for (let at = 0; at < text.length;) {
    const found = readToken(text, at, depth, dead);
    if (found) {
      flush();
      out.push(found.node);
      at = found.end;
    } else {
      run += text[at];
      at += 1;
    }
  }
  flush();
  return out;
}

function readToken(text, at, depth, dead) {
  const sign = text[at];
  if (sign === "`") return readCode(text, at);
  if (sign === "<") return readAngle(text, at);
  if (sign === ":") return readShortcode(text, at);
  if (sign === "h" && !WORD.test(text[at - 1] ?? "")) return readBareUrl(text, at);
  if (WRAPS[sign] && depth < MOST_NESTING && !dead.has(sign)) return readWrap(text, at, depth, dead);
  return null;
}

function readCode(text, at) {
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1) return null;
  return { node: h("code", { class: "inline-code" }, unescape(text.slice(at + 1, end))), end: end + 1 };
}

function readShortcode(text, at) {
  const match = /^:([a-z0-9_+-]+(?:::skin-tone-\d)?):/.exec(text.slice(at, at + 80));
  const node = match && emojiNode(match[1]);
  return node ? { node, end: at + match[0].length } : null;
}

function readBareUrl(text, at) {
  const match = BARE_URL.exec(text.slice(at, at + 3000));
  return match ? { node: linkNode(unescape(match[0])), end: at + match[0].length } : null;
}

function readAngle(text, at) {
  const end = text.indexOf(">", at);
  if (end < 0) return null;
  const node = angleNode(text.slice(at + 1, end));
  return node ? { node, end: end + 1 } : null;
}

/** The inside of `<…>`: a person, channel, ping, date or link; null when it is none of them. */
export function angleNode(inside) {
  const bar = inside.indexOf("|");
  const head = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? undefined : unescape(inside.slice(bar + 1));
  if (/^@[A-Z0-9_]+$/.test(head)) return personNode(head.slice(1));
  if (/^#[A-Z0-9_]+$/.test(head)) return channelNode(head.slice(1), label);
  if (head.startsWith("!date^")) return readDate(head, label);
  if (head.startsWith("!subteam^")) return groupNode(head.slice(9), label);
  if (/^![a-z]+$/.test(head)) return pingNode(head.slice(1));
  if (/^(https?|mailto|tel|slack):/i.test(head))
    return linkNode(unescape(head), label ? labelNodes(label) : undefined);
  return null;
}

function readDate(head, fallback) {
  const [, seconds, format, address] = head.split("^");
  const node = dateNode(seconds, unescape(format ?? ""), fallback);
  return address ? linkNode(unescape(address), [node]) : node;
}

function readWrap(text, at, depth, dead) {
  const sign = text[at];
  const before = text[at - 1] ?? " ";
  const after = text[at + 1] ?? " ";
  if (WORD.test(before) || before === sign || /\s/.test(after) || after === sign) return null;
  const end = findClosing(text, at + 1, sign);
  if (end < 0) {
    dead.add(sign);
    return null;
  }
  return { node: h(WRAPS[sign], {}, readInline(text.slice(at + 1, end), depth + 1)), end: end + 1 };
}

function findClosing(text, from, sign) {
  for (let at = from; at < text.length; at += 1) {
    const skip = { "`": "`", "<": ">" }[text[at]];
    const jump = skip ? text.indexOf(skip, at + 1) : -1;
    if (jump > 0) at = jump;
    else if (text[at] === sign && at > from && !/\s/.test(text[at - 1]) && !WORD.test(text[at + 1] ?? " "))
      return at;
  }
  return -1;
}

/** A text object of Block Kit as a node: mrkdwn or plain_text. */
export function textNode(object, tag = "div") {
  if (!object) return null;
  if (typeof object === "string") return h(tag, { class: "plain" }, withEmoji(object));
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return h(tag, { class: "plain" }, inPlain(object));
}

export function inPlain(object) {
  const text = typeof object === "string" ? object : (object?.text ?? "");
  return labelNodes(text);
}
