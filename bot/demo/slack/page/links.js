// Makes the tokens that point somewhere: links with their host in sight, people, channels and mass pings.

import { h } from "./dom.js";
import { plainNodes } from "./emoji.js";
import { permalinkHash, readPermalink, writeHash } from "./ways.js";
import { channelById, world } from "./world.js";

const SCHEMES = new Set(["http:", "https:", "mailto:", "tel:", "slack:"]);
const LOUD = new Set(["channel", "here", "everyone"]);

/** The address when it is safe to follow, else null (`javascript:` and its kin never become links). */
export function safeAddress(text) {
  try {
    const url = new URL(text);
    return SCHEMES.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** A link. With `showHost` (texts of models) the reader sees where it leads before the click. */
export function linkNode(address, label, { showHost = false } = {}) {
  const url = safeAddress(address);
  const content = label ?? [address];
  if (!url)
    return h(
      "span",
      { class: "link-refused", title: "This address is not opened from here" },
      content,
      label ? ` (${address})` : null,
    );
  const here = readPermalink(url);
  if (here) return h("a", { class: "link", href: permalinkHash(world.me.id, here) }, content);
  const plain = typeof label === "undefined" || label === null;
  const host = !plain && showHost && url.host ? h("span", { class: "host" }, ` (${url.host})`) : null;
  return h(
    "a",
    { class: "link", href: url.href, title: url.href, target: "_blank", rel: "noopener noreferrer" },
    content,
    host,
  );
}

export function personNode(id) {
  const person = world.people.get(id);
  const mine = id === world.me?.id;
  return h(
    "span",
    { class: `mention${mine ? " mention-me" : ""}`, dataset: { user: id } },
    `@${person?.name ?? id}`,
  );
}

export function channelNode(id, given) {
  const name = channelById(id)?.name ?? given;
  if (!name)
    return h("span", { class: "mention mention-hidden", dataset: { channel: id } }, "a private channel");
  return h("a", { class: "mention", href: writeHash(world.me.id, id), dataset: { channel: id } }, `#${name}`);
}

export function groupNode(id, given) {
  return h("span", { class: "mention" }, given?.startsWith("@") ? given : `@${given ?? id}`);
}

/** `<!channel>` and its kin: drawn so loudly that a leak from a text cannot be overlooked. */
export function pingNode(range) {
  const known = LOUD.has(range);
  return h(
    "strong",
    { class: "ping", dataset: { ping: range }, title: "This notifies many people at once" },
    known ? `@${range}` : `!${range}`,
  );
}

export const labelNodes = (text) => plainNodes(text);
