// Builds DOM nodes from values: text always becomes a text node, so nothing that anyone sent is read as HTML.

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProperty(node, name, value);
  append(node, children);
  return node;
}

function setProperty(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "dataset") for (const [key, text] of Object.entries(value)) setData(node, key, text);
  else if (name === "class") node.className = value;
  else if (name === "value" || name === "checked" || name === "indeterminate") node[name] = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

function setData(node, key, text) {
  if (text !== null && text !== undefined) node.dataset[key] = String(text);
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** Makes the children of `parent` be `items` ({key, sign, make(old)}), leaving alone every node whose sign is unchanged. */
export function keep(parent, items) {
  const before = parent.kept ?? new Map();
  const after = new Map();
  const focus = holdFocus(parent);
  for (const item of items) {
    const old = before.get(item.key);
    const node = old && old.sign === item.sign ? old.node : item.make(old?.node);
    after.set(item.key, { sign: item.sign, node });
  }
  const wanted = [...after.values()].map((entry) => entry.node);
  const wantedSet = new Set(wanted);
  for (const child of [...parent.childNodes]) if (!wantedSet.has(child)) child.remove();
  wanted.forEach((node, at) => {
    if (parent.childNodes[at] !== node) parent.insertBefore(node, parent.childNodes[at] ?? null);
  });
  parent.kept = after;
  focus();
}

/** Remembers which field of `parent` has the focus; the function that it returns gives the focus back after a redraw. */
function holdFocus(parent) {
  const field = document.activeElement;
  if (!field || !parent.contains(field)) return () => {};
  const owner = field.closest("[data-action-id]");
  const block = field.closest("[data-block-id]");
  const range = "selectionStart" in field ? readSelection(field) : null;
  return () => {
    if (document.activeElement === field || !owner || !block) return;
    const scope = parent.querySelector(`[data-block-id="${CSS.escape(block.dataset.blockId)}"]`);
    const again = scope?.querySelector(`[data-action-id="${CSS.escape(owner.dataset.actionId)}"]`);
    if (!again) return;
    again.focus({ preventScroll: true });
    if (range && again.setSelectionRange) again.setSelectionRange(...range);
  };
}

function readSelection(field) {
  return field.selectionStart === null ? null : [field.selectionStart, field.selectionEnd];
}

let lastId = 0;
export function freshId(word) {
  lastId += 1;
  return `${word}-${lastId}`;
}

/** A popover beside `anchor`, in the top layer so that no dialog or scroll box cuts it off. */
export function openMenu(anchor, menu, { width, above = false } = {}) {
  menu.setAttribute("popover", "auto");
  menu.classList.add("menu");
  (anchor.closest("dialog") ?? document.body).append(menu);
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "closed") menu.remove();
  });
  menu.showPopover();
  placeMenu(anchor, menu, width, above);
  menu.querySelector("[role^=menuitem], [role=option], input, button")?.focus();
  return () => menu.isConnected && menu.hidePopover();
}

function placeMenu(anchor, menu, width, above) {
  const box = anchor.getBoundingClientRect();
  if (width) menu.style.width = `${Math.min(width, innerWidth - 16)}px`;
  const size = menu.getBoundingClientRect();
  const below = box.bottom + 6 + size.height <= innerHeight - 8 && !above;
  const top = below ? box.bottom + 6 : Math.max(8, box.top - size.height - 6);
  const left = Math.max(8, Math.min(box.left, innerWidth - size.width - 8));
  menu.style.top = `${top}px`;
  menu.style.left = `${left}px`;
}

/** Arrow keys, Home and End move through the items of a menu. */
export function rove(menu, selector) {
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    const items = [...menu.querySelectorAll(selector)];
    const at = items.indexOf(document.activeElement) + step;
    event.preventDefault();
    items[Math.max(0, Math.min(items.length - 1, at))]?.focus();
  });
}
