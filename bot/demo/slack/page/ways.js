// The addresses of the page: #/person/channel/thread/message, #/person/app/tab, and Slack's /archives/ permalinks.

/** {person, first, thread, message} of a hash; `-` stands for "no thread". */
export function readHash(hash) {
  const [person, first, thread, message] = hash.replace(/^#\/?/, "").split("/");
  return { person: person || null, first, thread: thread === "-" ? undefined : thread, message };
}

export function writeHash(person, ...steps) {
  return `#/${[person, ...steps].filter(Boolean).join("/")}`;
}

/** {channel, ts, thread} of a permalink of this server (…/archives/C0OPS/p1795486400000100?thread_ts=…), else null. */
export function readPermalink(url) {
  const found =
    url.origin === location.origin && /^\/archives\/([A-Z0-9]+)(?:\/p(\d{7,}))?$/.exec(url.pathname);
  if (!found) return null;
  const ts = found[2] ? `${found[2].slice(0, -6)}.${found[2].slice(-6)}` : null;
  return { channel: found[1], ts, thread: url.searchParams.get("thread_ts") };
}

/** A permalink as a hash of this page. */
export function permalinkHash(person, { channel, ts, thread }) {
  return ts ? writeHash(person, channel, thread ?? "-", ts) : writeHash(person, channel);
}
