// Draws the `table` and `data_table` blocks.

import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { richText } from "./richtext.js";
import { unknown } from "./unknown.js";
import { world } from "./world.js";

const DEFAULT_PAGE_ROWS = 5;

function cellContent(cell) {
  if (cell?.type === "raw_text") return withEmoji(String(cell.text ?? ""));
  if (cell?.type === "raw_number")
    return (
      cell.text ?? new Intl.NumberFormat(world.me?.locale || "en-US").format(cell.value ?? cell.number ?? 0)
    );
  if (cell?.type === "rich_text") return richText(cell);
  return unknown("table cell", cell, "span");
}

const isNumber = (cell) => cell?.type === "raw_number";

function cellNode(tag, cell, setting, scope) {
  const align = setting?.align ?? (isNumber(cell) ? "right" : "left");
  const wrap = setting && "is_wrapped" in setting && !setting.is_wrapped ? " nowrap" : "";
  return h(tag, { class: `align-${align}${wrap}`, scope }, cellContent(cell));
}

export function table(block) {
  const [head = [], ...body] = block.rows ?? [];
  const setting = (column) => block.column_settings?.[column] ?? undefined;
  const top = h(
    "tr",
    {},
    head.map((cell, column) => cellNode("th", cell, setting(column), "col")),
  );
  const rows = body.map((row) =>
    h(
      "tr",
      {},
      row.map((cell, column) => cellNode("td", cell, setting(column))),
    ),
  );
  return h(
    "div",
    { class: "table-box", tabindex: 0 },
    h("table", { class: "grid" }, h("thead", {}, top), h("tbody", {}, rows)),
  );
}

export function dataTable(block) {
  const [head = [], ...rows] = block.rows ?? [];
  const view = { page: 0, size: block.page_size || DEFAULT_PAGE_ROWS, column: null, down: false };
  const box = h("div", { class: "data-table" });
  const draw = () => {
    const sorted = sortRows(rows, view);
    const shown = sorted.slice(view.page * view.size, (view.page + 1) * view.size);
    const grid = h(
      "table",
      { class: "grid" },
      h("caption", {}, block.caption),
      headRow(head, view, draw, rows[0]),
      bodyRows(shown, block),
    );
    box.replaceChildren(h("div", { class: "table-box", tabindex: 0 }, grid), pager(rows.length, view, draw));
  };
  draw();
  return box;
}

const sortKey = (cell) =>
  isNumber(cell)
    ? (cell.value ?? cell.number ?? Number(cell.text))
    : (cell?.text ?? JSON.stringify(cell?.elements ?? ""));

function sortRows(rows, view) {
  if (view.column === null) return rows;
  const compare = (left, right) => {
    const [a, b] = [sortKey(left[view.column]), sortKey(right[view.column])];
    return typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), undefined, { numeric: true });
  };
  return [...rows].sort((left, right) => (view.down ? -1 : 1) * compare(left, right));
}

function headRow(head, view, draw, first) {
  const cells = head.map((cell, column) => {
    const active = view.column === column;
    const sort = () => {
      Object.assign(view, { column, down: active && !view.down, page: 0 });
      draw();
    };
    const arrow = active ? (view.down ? " ▾" : " ▴") : "";
    const state = active ? (view.down ? "descending" : "ascending") : "none";
    return h(
      "th",
      { scope: "col", class: isNumber(first?.[column]) ? "align-right" : "", "aria-sort": state },
      h("button", { class: "sort", type: "button", onclick: sort }, cellContent(cell), arrow),
    );
  });
  return h("thead", {}, h("tr", {}, cells));
}

function bodyRows(rows, block) {
  const header = block.row_header_column_index;
  const one = (row) =>
    row.map((cell, column) =>
      cellNode(column === header ? "th" : "td", cell, undefined, column === header ? "row" : null),
    );
  return h(
    "tbody",
    {},
    rows.map((row) => h("tr", {}, one(row))),
  );
}

function pager(total, view, draw) {
  const pages = Math.max(1, Math.ceil(total / view.size));
  if (pages === 1) return null;
  const go = (step) => () => {
    view.page = Math.max(0, Math.min(pages - 1, view.page + step));
    draw();
  };
  const first = view.page * view.size + 1;
  const text = `${first}–${Math.min(total, first + view.size - 1)} of ${total}`;
  const button = (label, step, off) =>
    h("button", { class: "small-button", type: "button", disabled: off, onclick: go(step) }, label);
  return h(
    "div",
    { class: "pager" },
    button("Back", -1, view.page === 0),
    h("span", {}, text),
    button("Next", 1, view.page === pages - 1),
  );
}
