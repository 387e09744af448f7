// A surface is one message, one modal view or the Home: it keeps what its fields hold and reports clicks on it.

import { askConfirm } from "./confirm.js";
import { tell } from "./wire.js";
import { act, world } from "./world.js";

const surfaces = new Map();

/** The surface of a key; the same key gives the same one, so typed values outlive a redraw. */
export function surfaceFor(key, source) {
  const found = surfaces.get(key);
  if (found) return found;
  const surface = { key, source, values: {}, initial: {}, held: {}, shown: [], busy: new Set() };
  surfaces.set(key, surface);
  return surface;
}

export function dropSurfaces(keep) {
  for (const key of surfaces.keys()) if (!keep(key)) surfaces.delete(key);
}

/** What a field holds: what was typed here, or else what the server keeps (`held`), or else what the app asked for at first. */
export function fieldState(surface, blockId, actionId, initial) {
  const known = surface.held[blockId]?.[actionId] ?? initial;
  (surface.initial[blockId] ??= {})[actionId] = known;
  return surface.values[blockId]?.[actionId] ?? known;
}

export function setField(surface, blockId, actionId, state) {
  (surface.values[blockId] ??= {})[actionId] = state;
}

/** All fields of the blocks that the surface shows now (`shown`: their ids), as Slack's `state.values`. */
export function allFields(surface) {
  const values = {};
  for (const id of surface.shown) {
    if (surface.initial[id])
      values[id] = { ...surface.initial[id], ...pick(surface.values[id], surface.initial[id]) };
  }
  return values;
}

function pick(values, known) {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([actionId]) => actionId in known));
}

/** Sends a block action, after its confirm dialog when it has one; a second click while the first is on its way is ignored. */
export async function click(surface, blockId, element, payload = {}) {
  if (element.confirm && !(await askConfirm(element.confirm))) return { ok: false, denied: true };
  const key = `${blockId}/${element.action_id}`;
  if (surface.busy.has(key)) return { ok: false, denied: true };
  surface.busy.add(key);
  const body = {
    source: surface.source,
    block_id: blockId,
    action_id: element.action_id,
    ...payload,
    state: allFields(surface),
  };
  const answer = await act("click", body).finally(() => surface.busy.delete(key));
  return answer;
}

export function suggest(surface, blockId, actionId, value) {
  const place = surface.source.view ? { view_id: surface.source.view } : { source: surface.source };
  return tell("suggest", { user: world.me.id, ...place, block_id: blockId, action_id: actionId, value });
}
