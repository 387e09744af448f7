// Draws the pickers of dates, times, moments and files.

import { instantOf, wallClock, zoneOf } from "./dates.js";
import { h } from "./dom.js";

const LARGEST_FILE_BYTES = 2_000_000;

export function pickerField(element, field, type, name) {
  const change = () => {
    field.write(name, input.value || null);
    if (input.value) field.tell(name, input.value);
  };
  const input = h("input", {
    type,
    class: "text-field picker",
    ...field.labels,
    value: field.read(name) ?? "",
    onchange: change,
    oninput: () => field.write(name, input.value || null),
  });
  const zone = element.timezone ? h("span", { class: "quiet" }, element.timezone) : null;
  return h("div", { class: "picker-box" }, input, zone);
}

export function momentField(element, field) {
  const held = field.read("selected_date_time");
  const change = () => {
    const seconds = input.value ? instantOf(input.value) : null;
    field.write("selected_date_time", seconds);
    if (seconds) field.tell("selected_date_time", seconds);
  };
  const input = h("input", {
    type: "datetime-local",
    class: "text-field picker",
    ...field.labels,
    value: held ? localText(held) : "",
    onchange: change,
  });
  return h("div", { class: "picker-box" }, input, h("span", { class: "quiet" }, `your time, ${zoneOf()}`));
}

function localText(seconds) {
  const clock = wallClock(new Date(seconds * 1000));
  const two = (number) => String(number).padStart(2, "0");
  return `${clock.year}-${two(clock.month)}-${two(clock.day)}T${two(clock.hour)}:${two(clock.minute)}`;
}

export function fileField(element, field) {
  const list = h("div", { class: "quiet" });
  const show = (files) =>
    list.replaceChildren(...files.map((file) => h("div", {}, `${file.name} (${file.size} bytes)`)));
  const change = async () => {
    const files = await Promise.all([...input.files].slice(0, element.max_files ?? 10).map(readFile));
    field.write("files", files);
    show(files);
  };
  const accept = element.filetypes?.map((type) => `.${type}`).join(",");
  const input = h("input", {
    type: "file",
    class: "file-field",
    multiple: (element.max_files ?? 10) > 1,
    accept,
    ...field.labels,
    onchange: change,
  });
  show(field.read("files"));
  return h("div", { class: "file-box" }, input, list);
}

async function readFile(file) {
  const fits = file.size <= LARGEST_FILE_BYTES;
  const bytes = fits ? new Uint8Array(await file.arrayBuffer()) : new Uint8Array();
  const content = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return { name: file.name, mimetype: file.type, size: file.size, content_base64: content };
}
