// Completes what is being typed: commands and their verbs, #channels and @people; pure, no DOM.

import { OWN_COMMANDS, VERB_COMMAND, VERBS } from "./verbs.js";

const MOST = 8;

/** What may be meant by `text` up to `caret`: {from, choices: [{text, label, hint, words}], usage} where `from` is the place that a choice replaces. */
export function complete(text, caret, { commands, channels, people }) {
  const typed = text.slice(0, caret);
  if (/^\/\S*$/.test(typed)) return { from: 0, choices: commandChoices(typed, commands), usage: null };
  const verb = new RegExp(`^${VERB_COMMAND}\\s+(\\S*)$`).exec(typed);
  if (verb) return { from: caret - verb[1].length, choices: verbChoices(verb[1]), usage: null };
  const mark = /(^|\s)([#@])([\p{L}\p{N}_-]*)$/u.exec(typed);
  if (mark)
    return {
      from: caret - mark[3].length - 1,
      choices: nameChoices(mark[2], mark[3], mark[2] === "#" ? channels : people),
      usage: usageOf(typed),
    };
  return { from: caret, choices: [], usage: usageOf(typed) };
}

function commandChoices(typed, commands) {
  const fitting = commands.filter((one) => one.command.startsWith(typed));
  const own = OWN_COMMANDS.filter((one) => one.command.startsWith(typed));
  const asChoices = (list) =>
    list.map((one) => ({
      text: `${one.command} `,
      label: one.command,
      hint: one.usage_hint ?? "",
      words: one.description ?? "",
    }));
  const opens = fitting.some((one) => one.command === VERB_COMMAND);
  const verbs = opens
    ? verbChoices("").map((one) => ({
        ...one,
        text: `${VERB_COMMAND} ${one.text}`,
        label: `${VERB_COMMAND} ${one.label}`,
      }))
    : [];
  return [...asChoices(fitting), ...verbs, ...asChoices(own)];
}

function verbChoices(begun) {
  const fitting = VERBS.filter(([verb]) => verb.startsWith(begun.toLowerCase()));
  return fitting.map(([verb, hint, words]) => ({ text: hint ? `${verb} ` : verb, label: verb, hint, words }));
}

function nameChoices(mark, begun, names) {
  const fitting = names.filter((name) => name.toLowerCase().startsWith(begun.toLowerCase()));
  return fitting
    .slice(0, MOST)
    .map((name) => ({ text: `${mark}${name} `, label: `${mark}${name}`, hint: "", words: "" }));
}

function usageOf(typed) {
  const said = new RegExp(`^${VERB_COMMAND}\\s+(\\S+)\\s`).exec(typed);
  const found = said && VERBS.find(([verb]) => verb === said[1].toLowerCase());
  return found ? { command: `${VERB_COMMAND} ${found[0]}`, hint: found[1], words: found[2] } : null;
}
