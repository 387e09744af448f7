// Draws images and files: those of this server are shown, those of other hosts only named, for the page asks nobody outside.

import { h } from "./dom.js";
import { outline } from "./icons.js";
import { linkNode } from "./links.js";
import { inPlain } from "./mrkdwn.js";
import { world } from "./world.js";

function ownAddress(text) {
  try {
    const url = new URL(text, location.href);
    if (url.protocol === "data:") return url.href;
    if (url.origin !== location.origin) return null;
    if (url.pathname.startsWith("/files-pri/")) url.searchParams.set("user", world.me.id);
    return url.href;
  } catch {
    return null;
  }
}

/** An image block or element. */
export function pictureNode(image, kind = "picture") {
  const address =
    image.image_url ?? image.slack_file?.url ?? world.files.get(image.slack_file?.id)?.url_private;
  const own = address && ownAddress(address);
  if (own) return h("img", { class: kind, src: own, alt: image.alt_text ?? "" });
  const where = address ? hostOf(address) : (image.slack_file?.id ?? "no address");
  return h(
    "span",
    { class: `${kind} picture-away`, role: "img", "aria-label": image.alt_text, title: address },
    outline("image"),
    h("span", {}, image.alt_text ?? "Image"),
    h("span", { class: "host" }, `(${where})`),
  );
}

function hostOf(address) {
  try {
    return new URL(address).host;
  } catch {
    return "unreadable address";
  }
}

export function imageBlock(block) {
  const title = block.title ? h("figcaption", {}, inPlain(block.title)) : null;
  return h("figure", { class: "image-block" }, title, pictureNode(block));
}

/** A file that hangs on a message. */
export function fileNode(file) {
  const address = file.url_private ?? file.permalink ?? file.url;
  const own = address && ownAddress(address);
  const name = file.title || file.name || file.id || "File";
  if (own && file.mimetype?.startsWith("image/"))
    return h(
      "figure",
      { class: "image-block", dataset: { fileId: file.id } },
      h("figcaption", {}, name),
      h("img", { class: "picture", src: own, alt: file.alt_txt ?? name }),
    );
  const label = own
    ? h("a", { class: "file-name", href: own, target: "_blank", rel: "noopener noreferrer" }, name)
    : address
      ? linkNode(address, [name])
      : h("span", { class: "file-name" }, name);
  const facts = [file.pretty_type ?? file.filetype ?? file.mimetype, sizeWords(file.size)]
    .filter(Boolean)
    .join(" · ");
  const preview = file.preview ? h("pre", { class: "code" }, h("code", {}, file.preview)) : null;
  return h(
    "div",
    { class: "file", dataset: { fileId: file.id } },
    outline("file", 26),
    h("div", { class: "file-text" }, label, h("div", { class: "quiet" }, facts), preview),
  );
}

function sizeWords(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
