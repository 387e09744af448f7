// Draws `plan` and `task_card`: lists of steps whose state is said in words and as a sign.

import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { outline } from "./icons.js";
import { linkNode } from "./links.js";
import { richText } from "./richtext.js";

const STATES = { pending: "Pending", in_progress: "In progress", complete: "Complete", error: "Error" };

export function plan(block) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((task) => task.status === "complete").length;
  const title = typeof block.title === "string" ? block.title : block.title?.text;
  const head = h(
    "summary",
    { class: "fold-head" },
    outline("right", 16),
    h("span", { class: "fold-title" }, withEmoji(title ?? "Plan")),
    h("span", { class: "fold-side" }, `${done} of ${tasks.length} done`),
  );
  return h(
    "details",
    { class: "fold plan" },
    head,
    h(
      "div",
      { class: "fold-body" },
      tasks.map((task) => taskCard(task)),
    ),
  );
}

export function taskCard(task) {
  const state = task.status ?? "pending";
  const words = STATES[state] ?? state;
  const sign = h("span", { class: `task-sign task-${state}`, "aria-hidden": "true" });
  const title = task.hide_title ? null : h("span", { class: "task-title" }, withEmoji(task.title ?? ""));
  const head = [sign, title, h("span", { class: "task-state" }, words)];
  const body = [
    partNode("Details", task.details),
    partNode("Output", task.output),
    sourcesNode(task.sources),
  ].filter(Boolean);
  const marks = { class: "task-card", dataset: { taskId: task.task_id, status: state } };
  if (!body.length) return h("div", marks, h("div", { class: "task-head" }, head));
  return h(
    "details",
    marks,
    h("summary", { class: "task-head" }, head, outline("down", 14)),
    h("div", { class: "task-body" }, body),
  );
}

function partNode(label, part) {
  if (!part) return null;
  const content = typeof part === "string" ? h("p", {}, withEmoji(part)) : richText(part);
  return h("div", { class: "task-part" }, h("div", { class: "task-label" }, label), content);
}

function sourcesNode(sources) {
  if (!sources?.length) return null;
  const links = sources.map((source) =>
    linkNode(source.url, source.text ? [source.text] : undefined, { showHost: true }),
  );
  return h(
    "div",
    { class: "task-part" },
    h("div", { class: "task-label" }, "Sources"),
    links.map((link) => h("div", {}, link)),
  );
}
