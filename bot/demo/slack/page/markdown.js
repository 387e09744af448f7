// Reads standard Markdown (the `markdown` block) into DOM nodes: no HTML, no images, links with their host in sight.

import { h } from "./dom.js";
import { readMarks } from "./marks.js";
import { unescape } from "./mrkdwn.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(\s+|$)(.*)$/;
const QUOTE = /^ {0,3}(?:>|&gt;)\s?(.*)$/;
const DELIMITER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const MOST_NESTING = 10;

export function markdown(text) {
  return h(
    "div",
    { class: "markdown" },
    readBlocks(
      String(text ?? "")
        .replaceAll("\r\n", "\n")
        .split("\n"),
      0,
    ),
  );
}

function readBlocks(lines, depth) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const found = depth > MOST_NESTING ? readParagraph(lines, at) : readBlock(lines, at, depth);
    if (found.node) nodes.push(found.node);
    at = found.end;
  }
  return nodes;
}

function readBlock(lines, at, depth) {
  const line = lines[at];
  if (!line.trim()) return { node: null, end: at + 1 };
  if (FENCE.test(line)) return readFence(lines, at);
  const heading = HEADING.exec(line);
  if (heading)
    return {
      node: h(
        `h${Math.min(6, heading[1].length + 2)}`,
        { class: `md-h${heading[1].length}` },
        readMarks(heading[2]),
      ),
      end: at + 1,
    };
  if (RULE.test(line)) return { node: h("hr"), end: at + 1 };
  if (QUOTE.test(line)) return readQuote(lines, at, depth);
  if (startsTable(lines, at)) return readTable(lines, at);
  if (ITEM.test(line)) return readList(lines, at, depth);
  return readParagraph(lines, at);
}

function readFence(lines, at) {
  const [, mark, language] = FENCE.exec(lines[at]);
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(mark)) end += 1;
  const code = unescape(lines.slice(at + 1, end).join("\n"));
  return {
    node: h("pre", { class: "code", "data-language": language || null }, h("code", {}, code)),
    end: end + 1,
  };
}

function readQuote(lines, at, depth) {
  let end = at;
  const inner = [];
  while (end < lines.length && QUOTE.test(lines[end])) inner.push(QUOTE.exec(lines[end++])[1]);
  return { node: h("blockquote", {}, readBlocks(inner, depth + 1)), end };
}

function readParagraph(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines, end)) end += 1;
  const text = lines
    .slice(at, end)
    .map((line) => line.trim())
    .join("\n");
  return { node: h("p", {}, readMarks(text)), end };
}

function startsBlock(lines, at) {
  return [FENCE, HEADING, RULE, QUOTE, ITEM].some((form) => form.test(lines[at])) || startsTable(lines, at);
}

function readList(lines, at, depth) {
  const first = ITEM.exec(lines[at]);
  const ordered = /\d/.test(first[2]);
  const list = h(ordered ? "ol" : "ul", ordered ? { start: parseInt(first[2], 10) } : {});
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (!item || item[1].length > first[1].length + 1 || /\d/.test(item[2]) !== ordered) break;
    const next = endOfItem(lines, end, item[1].length);
    const body = [
      item[4],
      ...lines.slice(end + 1, next).map((line) => dedent(line, item[1].length + item[2].length + 1)),
    ];
    list.append(itemNode(body, depth));
    end = next;
  }
  return { node: list, end };
}

function endOfItem(lines, at, indent) {
  let end = at + 1;
  while (end < lines.length) {
    const blank = !lines[end].trim();
    const width = /^\s*/.exec(lines[end])[0].length;
    if (blank && !/^\s{2,}\S/.test(lines[end + 1] ?? "") && !ITEM.test(lines[end + 1] ?? "")) break;
    if (
      !blank &&
      width <= indent &&
      (ITEM.test(lines[end]) || !lines[end - 1].trim() || startsBlock(lines, end))
    )
      break;
    end += 1;
  }
  return end;
}

const dedent = (line, width) => line.replace(new RegExp(`^\\s{0,${width}}`), "");

function itemNode(body, depth) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(body[0]);
  if (!task) return h("li", {}, readBlocks(body, depth + 1));
  const done = task[1] !== " ";
  const box = h("input", {
    type: "checkbox",
    disabled: true,
    checked: done,
    "aria-label": done ? "done" : "to do",
  });
  return h("li", { class: "task" }, box, h("div", {}, readBlocks([task[2], ...body.slice(1)], depth + 1)));
}

function startsTable(lines, at) {
  return (
    lines[at].includes("|") &&
    at + 1 < lines.length &&
    lines[at + 1].includes("-") &&
    DELIMITER.test(lines[at + 1])
  );
}

function readTable(lines, at) {
  const aligns = splitRow(lines[at + 1]).map(
    (cell) =>
      ({ "::": "center", ":": cell.startsWith(":") ? "left" : "right" })[cell.replace(/[^:]/g, "")] ?? "left",
  );
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const row = (line, tag) =>
    h(
      "tr",
      {},
      aligns.map((align, column) =>
        h(tag, { class: `align-${align}` }, readMarks(splitRow(line)[column] ?? "")),
      ),
    );
  const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
  const table = h("table", { class: "grid" }, h("thead", {}, row(lines[at], "th")), h("tbody", {}, body));
  return { node: h("div", { class: "table-box", tabindex: 0 }, table), end };
}

function splitRow(line) {
  const bare = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return bare.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
