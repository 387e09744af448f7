// Speaks to the local Slack: one function for each thing that a person can do, and the stream that says "something changed".

const WORDS = {
  operation_timeout: "The app did not answer within 3 seconds.",
  dispatch_failed: "The app could not be reached. Is the bot running?",
  unknown_command: "Try /dify help.",
  unreachable: "The local Slack does not answer. Is it still running?",
};

export async function ask(path, user) {
  const query = user ? `?user=${encodeURIComponent(user)}` : "";
  const answer = await fetch(`/person/${path}${query}`, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
  return answer.json();
}

/** Sends a deed; always gives {ok, error?, notice?, …}, also when the server is away. */
export async function tell(path, body) {
  try {
    const answer = await fetch(`/person/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return await answer.json();
  } catch {
    return { ok: false, error: "unreachable" };
  }
}

export function sayError(answer) {
  const code = answer.error ?? "unknown";
  const words = [answer.notice, WORDS[code]].filter(Boolean);
  return words.length ? words.join("\n") : `That did not work: ${code}.`;
}

/** Calls `changed(rev)` at each change and `link(true|false)` when the stream comes and goes; gives the closing function. */
export function follow(user, changed, link) {
  const stream = new EventSource(`/person/events?user=${encodeURIComponent(user)}`);
  stream.onopen = () => link(true);
  stream.onerror = () => link(false);
  stream.onmessage = (event) => changed(JSON.parse(event.data).rev);
  return () => stream.close();
}
