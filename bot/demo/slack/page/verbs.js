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
  ["next", "<job or when> [how many]", "The next times, with the days that are left out"],
  ["today", "[#channel]", "What came and what comes today, clashes marked"],
  ["pause", "<job> [until <when>] [because <reason>]", "Plan no more runs, for good or until a time"],
  ["resume", "<job>", "Plan runs again"],
  ["skip", "<job> [how many | undo]", "Leave out the next times of a job"],
  ["move", "<job> to <when>", "Run the next time earlier or later, once; back undoes it"],
  ["edit", "<job>", "Change a job in a form"],
  ["delete", "<job>", "Remove a job; its history stays"],
  ["stop", "<run>", "Stop a run that is under way"],
  ["rerun", "<run>", "Run again with the same inputs"],
  ["why", "<job> [time]", "Why a run did or did not happen"],
  ["alerts", "<job>", "Who is told, and when"],
  ["calendar", "[show|import|delete <name>]", "Holidays, working days, and days of your own"],
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
