// Draws the `data_visualization` block: pie as bars of shares, bar, line and area on two axes, with the figures as a table below.

import { h } from "./dom.js";
import { shape } from "./icons.js";
import { unknown } from "./unknown.js";

const COLOURS = [
  "#2f6fde",
  "#1f9d68",
  "#e09b1a",
  "#d3394c",
  "#7a5bd6",
  "#16a0b0",
  "#c2569b",
  "#7a8a2e",
  "#8a5a3b",
  "#4a5a78",
  "#e06f3a",
  "#5b9bd6",
];
const MEANINGS = [
  [/fail|error|lost|timed/i, "#d3394c"],
  [/succe|\bok\b|done/i, "#1f9d68"],
  [/skip|missed/i, "#8a94a6"],
];
const WIDTH = 560;
const HEIGHT = 200;
const EDGE = { left: 44, right: 10, top: 12, bottom: 26 };

export function chart(block) {
  const kind = block.chart?.type;
  const draw = { pie, bar: axes, line: axes, area: axes }[kind];
  if (!draw) return unknown("chart", block.chart);
  const title = h("figcaption", {}, block.title);
  return h("figure", { class: "chart", dataset: { chart: kind } }, title, draw(block.chart, block.title));
}

/** A series whose name says how it ended has the colour of that; the others take turns. */
function colourOf(name, at) {
  return MEANINGS.find(([words]) => words.test(name))?.[1] ?? COLOURS[at % COLOURS.length];
}

function pie(data) {
  const all = (data.segments ?? []).reduce((sum, segment) => sum + segment.value, 0) || 1;
  return (data.segments ?? []).map((segment, at) => {
    const share = (100 * segment.value) / all;
    const fill = h("span", { class: "share-fill" });
    fill.style.width = `${share}%`;
    fill.style.background = COLOURS[at % COLOURS.length];
    return h(
      "div",
      { class: "share" },
      h("span", {}, segment.label),
      h("span", { class: "share-line" }, fill),
      h("span", {}, `${segment.value} (${Math.round(share)} %)`),
    );
  });
}

function axes(data, title) {
  const categories = data.axis_config?.categories ?? [];
  const series = data.series ?? [];
  const most = Math.max(1, ...series.flatMap((one) => one.data.map((point) => point.value)));
  const least = Math.min(0, ...series.flatMap((one) => one.data.map((point) => point.value)));
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `${data.type} chart: ${title}`,
  });
  const scale = scales(categories.length, least, most);
  drawGrid(svg, scale, least, most, categories);
  series.forEach((one, at) => drawSeries(svg, data.type, one, at, series.length, scale));
  const labels = [data.axis_config?.x_label, data.axis_config?.y_label].filter(Boolean).join(" · ");
  return [
    legend(series),
    svg,
    labels ? h("div", { class: "chart-axes" }, labels) : null,
    figures(categories, series),
  ];
}

function scales(count, least, most) {
  const inner = WIDTH - EDGE.left - EDGE.right;
  const tall = HEIGHT - EDGE.top - EDGE.bottom;
  const step = inner / Math.max(1, count);
  return {
    step,
    x: (at) => EDGE.left + step * (at + 0.5),
    y: (value) => EDGE.top + tall * (1 - (value - least) / (most - least)),
  };
}

function drawGrid(svg, scale, least, most, categories) {
  for (const part of [0, 0.5, 1]) {
    const value = least + (most - least) * part;
    const y = scale.y(value);
    svg.append(shape("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y, class: "grid-line" }));
    svg.append(label(EDGE.left - 6, y + 4, String(Math.round(value * 10) / 10), "end"));
  }
  const every = Math.ceil(categories.length / 8);
  categories.forEach(
    (category, at) => at % every === 0 && svg.append(label(scale.x(at), HEIGHT - 8, category, "middle")),
  );
}

function label(x, y, text, anchor) {
  const node = shape("text", { x, y, "text-anchor": anchor, class: "chart-label" });
  node.textContent = text;
  return node;
}

function drawSeries(svg, type, one, at, count, scale) {
  const colour = colourOf(one.name, at);
  if (type === "bar") {
    const wide = (scale.step * 0.7) / count;
    one.data.forEach((point, place) =>
      svg.append(barNode(scale, point, scale.x(place) - (wide * count) / 2 + wide * at, wide, colour)),
    );
    return;
  }
  const points = one.data.map((point, place) => `${scale.x(place)},${scale.y(point.value)}`);
  if (type === "area") {
    const ground = scale.y(0);
    const ends = [`${scale.x(one.data.length - 1)},${ground}`, `${scale.x(0)},${ground}`];
    svg.append(shape("polygon", { points: [...points, ...ends].join(" "), fill: colour, opacity: 0.16 }));
  }
  svg.append(
    shape("polyline", {
      points: points.join(" "),
      fill: "none",
      stroke: colour,
      "stroke-width": 2.2,
      "stroke-linejoin": "round",
    }),
  );
}

function barNode(scale, point, x, wide, colour) {
  const [top, ground] = [scale.y(Math.max(0, point.value)), scale.y(Math.min(0, point.value))];
  return shape("rect", {
    x,
    y: top,
    width: Math.max(1, wide - 1),
    height: Math.max(0, ground - top),
    rx: 2,
    fill: colour,
  });
}

function legend(series) {
  const one = (entry, at) => {
    const dot = h("span", { class: "legend-dot" });
    dot.style.background = colourOf(entry.name, at);
    return h("span", {}, dot, entry.name);
  };
  return h("div", { class: "legend" }, series.map(one));
}

function figures(categories, series) {
  const head = h(
    "tr",
    {},
    h("th", {}, ""),
    series.map((one) => h("th", { scope: "col" }, one.name)),
  );
  const rows = categories.map((category, at) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, category),
      series.map((one) => h("td", { class: "align-right" }, one.data[at]?.value ?? "")),
    ),
  );
  return h(
    "details",
    { class: "figures" },
    h("summary", {}, "Show the figures"),
    h(
      "div",
      { class: "table-box" },
      h("table", { class: "grid" }, h("thead", {}, head), h("tbody", {}, rows)),
    ),
  );
}
