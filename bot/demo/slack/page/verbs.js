// What can be typed after /dify, with usage hints: shown while typing.

export const VERBS = [
  ["help", "[verb]", "What Dify Ops can do, with examples"],
  ["connect", "", "Register a Dify app (admins)"],
  [
    "schedule",
    '<app> <when> [in <zone>] [to #channel] [as "name"] [key=value …]',
    "Create a job; alone it opens a form",
  ],
  ["run", "<job or app> [key=value …]", "One run, now"],
  ["list", "[failing|mine|all|#channel]", "The jobs, with buttons"],
  ["show", "<job>", "One job: schedule, next times, last runs"],
  ["runs", "<job>", "The last runs of a job"],
  ["next", "<job or when>", "The next times, in words and in your zone"],
  ["pause", "<job>", "Plan no more runs until it is resumed"],
  ["resume", "<job>", "Plan runs again"],
  ["edit", "<job>", "Change a job in a form"],
  ["delete", "<job>", "Remove a job; its history stays"],
  ["skip", "<job>", "Leave out the next run"],
  ["stop", "<run>", "Stop a run that is under way"],
  ["rerun", "<run>", "Run again with the same inputs"],
  ["why", "<job> [time]", "Why a run did or did not happen"],
  ["alerts", "<job>", "Who is told, and when"],
  ["calendar", "…", "Days on which nothing runs"],
  ["stats", "", "Runs, success and tokens in numbers"],
  ["dashboard", "", "The address of the dashboard"],
  ["health", "", "Is everything well?"],
];

// Slack's own commands, which the local Slack knows too.
export const OWN_COMMANDS = [
  { command: "/invite", usage_hint: "@name", description: "Bring somebody, or the app, into this channel" },
  { command: "/remove", usage_hint: "@name", description: "Take somebody, or the app, out of this channel" },
];

export const VERB_COMMAND = "/dify";
