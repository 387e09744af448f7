// Draws every sign of the page as SVG: the outlines of its buttons, and the emoji that bots use most, so that they look alike everywhere.

const SVG = "http://www.w3.org/2000/svg";

const OUTLINES = {
  hash: "M5 9h14M5 15h14M10 4 8 20M16 4l-2 16",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
  back: "M15 6l-6 6 6 6",
  send: "M4 12 20 4l-5 16-4-6z M11 14l9-10",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  thread: "M5 5h14v10h-7l-4 4v-4H5z",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  code: "M8 8l-4 4 4 4M16 8l4 4-4 4",
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
  check: "M5 12.5 10 17 19 7",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  archive: "M4 5h16v4H4zM6 9v10h12V9M10 13h4",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  bulb: "M9 18h6M10 21h4M8.5 15a6 6 0 1 1 7 0v1h-7z",
  up: "M7 20V10l4-7c2 0 2.5 1.5 2 3l-1 3h6c1 0 2 1 1.6 2.2l-2 7c-.3 1-1 1.8-2.2 1.8zM4 10h3v10H4z",
  downvote: "M7 4v10l4 7c2 0 2.5-1.5 2-3l-1-3h6c1 0 2-1 1.6-2.2l-2-7c-.3-1-1-1.8-2.2-1.8zM4 4h3v10H4z",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  pencil: "M4 20l1-4L16 5l3 3L8 19z",
  refresh: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
};

export function outline(name, size = 18) {
  const svg = frame(size, "outline");
  svg.dataset.sign = name;
  svg.append(shape("path", { d: OUTLINES[name] ?? OUTLINES.dots }));
  return svg;
}

function frame(size, kind) {
  const svg = document.createElementNS(SVG, "svg");
  const marks = {
    viewBox: "0 0 24 24",
    width: size,
    height: size,
    "aria-hidden": "true",
    class: `icon ${kind}`,
  };
  for (const [key, value] of Object.entries(marks)) svg.setAttribute(key, value);
  return svg;
}

export function shape(tag, marks) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(marks)) node.setAttribute(key, value);
  return node;
}

const GREEN = "#1f9d68";
const RED = "#d3394c";
const AMBER = "#e09b1a";
const BLUE = "#2f6fde";
const GREY = "#6b7688";
const VIOLET = "#7a5bd6";

// name: [ground, colour, the strokes drawn on it]; grounds: disc, tile, triangle, bare (strokes in the colour itself)
const DRAWN = {
  white_check_mark: ["tile", GREEN, "M6.5 12.5 10.5 16.5 17.5 8"],
  heavy_check_mark: ["bare", GREEN, "M5 12.5 10 17.5 19.5 6.5"],
  x: ["bare", RED, "M6 6l12 12M18 6 6 18"],
  warning: ["triangle", AMBER, "M12 10v4.5M12 17.5v.01"],
  rotating_light: ["disc", RED, "M12 6.5v7M12 17v.01"],
  no_entry: ["disc", RED, "M7 12h10"],
  octagonal_sign: ["disc", RED, "M8.5 8.5l7 7M15.5 8.5l-7 7"],
  information_source: ["tile", BLUE, "M12 11v6M12 7.5v.01"],
  hourglass_flowing_sand: ["bare", AMBER, "M7 4h10M7 20h10M8 4v3l4 5 4-5V4M8 20v-3l4-5 4 5v3"],
  clock: ["disc", GREY, "M12 7v5.5l3.5 2"],
  alarm_clock: ["disc", RED, "M12 7.5V12.5l3 2"],
  calendar: ["tile", BLUE, "M6.5 9.5h11M9 5v3M15 5v3M9 13h.01M12 13h.01M15 13h.01M9 16h.01M12 16h.01"],
  arrow_forward: ["tile", BLUE, "M9.5 7.5v9l7-4.5z"],
  pause: ["tile", GREY, "M9.5 7.5v9M14.5 7.5v9"],
  stop: ["tile", GREY, "M9 9h6v6H9z"],
  next: ["tile", GREY, "M8 7.5v9l6-4.5zM16.5 7.5v9"],
  repeat: ["tile", BLUE, "M7 11V10a2 2 0 0 1 2-2h8l-2-2M17 13v1a2 2 0 0 1-2 2H7l2 2"],
  bell: ["bare", AMBER, "M6 16.5c1.5-1.5 1.5-3 1.5-6a4.5 4.5 0 0 1 9 0c0 3 0 4.5 1.5 6zM10.5 19.5h3"],
  mute: [
    "bare",
    GREY,
    "M6 16.5c1.5-1.5 1.5-3 1.5-6a4.5 4.5 0 0 1 9 0c0 3 0 4.5 1.5 6zM10.5 19.5h3M4 4l16 16",
  ],
  rocket: [
    "bare",
    VIOLET,
    "M12 3c4 3 4.5 8 3 12H9C7.5 11 8 6 12 3zM9 12l-3 4 3-.5M15 12l3 4-3-.5M12 8.5v.01M10.5 18l1.5 3 1.5-3",
  ],
  robot_face: ["tile", VIOLET, "M9 11v.01M15 11v.01M9 15.5h6"],
  bar_chart: ["tile", VIOLET, "M8 17v-4M12 17V8M16 17v-6"],
  bulb: ["bare", AMBER, OUTLINES.bulb],
  key: ["bare", AMBER, "M8 12a3 3 0 1 1 0 .01M11 12h9M17 12v3M20 12v2"],
  lock: ["bare", AMBER, OUTLINES.lock],
  gear: [
    "bare",
    GREY,
    "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2",
  ],
  wrench: ["bare", GREY, "M14.5 9.5 6 18M14 4.5a4.5 4.5 0 0 0 5.5 5.5l-3-1-1.5-1.5z"],
  pencil2: ["bare", AMBER, OUTLINES.pencil],
  wastebasket: ["bare", GREY, OUTLINES.trash],
  mag: ["bare", BLUE, "M10.5 5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M15 15l5 5"],
  link: ["bare", BLUE, "M10 14l4-4M9 11l-3 3a3 3 0 0 0 4 4l3-3M15 13l3-3a3 3 0 0 0-4-4l-3 3"],
  page: ["bare", GREY, OUTLINES.file],
  speech: ["bare", BLUE, OUTLINES.thread],
  thumbsup: ["bare", AMBER, OUTLINES.up],
  thumbsdown: ["bare", AMBER, OUTLINES.downvote],
  eyes: ["bare", BLUE, OUTLINES.eye],
  zap: ["bare", AMBER, OUTLINES.bolt],
  star: ["bare", AMBER, "M12 4l2.5 5.3 5.7.700-4.2 4 1.1 5.8L12 17l-5.1 2.8L8 14l-4.2-4 5.7-.7z"],
  house: ["bare", BLUE, OUTLINES.home],
  wave: [
    "bare",
    AMBER,
    "M8 13V7.5a1.2 1.2 0 0 1 2.4 0V11V6a1.2 1.2 0 0 1 2.4 0v5V7a1.2 1.2 0 0 1 2.4 0v7c0 4-2.5 6-5.5 6s-4.5-1.5-6-5c-.6-1.3 1.2-2.5 2.2-1z",
  ],
  tada: ["bare", VIOLET, "M5 20l4-11 6 6zM14 4v3M19 5l-2 2M20 10h-3M12 8l1-1M16 12l1-1"],
  zzz: ["bare", BLUE, "M5 12h6l-6 7h6M14 5h5l-5 6h5"],
  sparkles: ["bare", AMBER, "M10 5l1.8 5.2L17 12l-5.2 1.8L10 19l-1.8-5.2L3 12l5.2-1.8zM18 4v4M16 6h4"],
  question: ["disc", RED, "M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.400-1 .9-1 1.7M12 16.8v.01"],
  red: ["disc", RED, ""],
  green: ["disc", GREEN, ""],
  yellow: ["disc", "#efc02f", ""],
  blue: ["disc", BLUE, ""],
  white: ["disc", "#c9d0db", ""],
  black: ["disc", "#2a3342", ""],
};

const GROUNDS = {
  disc: (colour) => shape("circle", { cx: 12, cy: 12, r: 10, fill: colour }),
  tile: (colour) => shape("rect", { x: 2, y: 2, width: 20, height: 20, rx: 6, fill: colour }),
  triangle: (colour) =>
    shape("path", {
      d: "M12 3.5 21.5 20h-19z",
      fill: colour,
      stroke: colour,
      "stroke-width": 2.4,
      "stroke-linejoin": "round",
    }),
};

/** An emoji as a drawing, or null when this page has none for it. `name` is what a screen reader says. */
export function drawnEmoji(drawing, name) {
  const found = DRAWN[drawing];
  if (!found) return null;
  const [ground, colour, strokes] = found;
  const svg = frame(20, "emoji");
  svg.removeAttribute("aria-hidden");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name.replaceAll("_", " "));
  if (GROUNDS[ground]) svg.append(GROUNDS[ground](colour));
  svg.append(
    shape("path", {
      d: strokes,
      stroke: GROUNDS[ground] ? "#fff" : colour,
      "stroke-width": 2.2,
      fill: "none",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
  return svg;
}
