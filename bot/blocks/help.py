"""The help: an overview with real examples, and one page for each word after `/dify`."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks.parts import Message, actions, button, context, message, section
from bot.blocks.text import bold, escape, one_line, shorten

OVERVIEW_VERBS = 40
NEEDED_MOST = ("schedule", "run", "list", "today", "next", "show", "runs", "pause", "resume", "skip", "move")
EXAMPLES_SHOWN = 10


@dataclass(frozen=True)
class Help:
    """What is told about one word after `/dify`. `usage` and `examples` are what a person types."""

    verb: str
    usage: str
    says: str
    examples: tuple[str, ...] = ()


def typed(text: str) -> str:
    """Something to be typed, in code; a backtick in it would end the code."""
    return f"`{escape(shorten(one_line(text), 300)).replace('`', chr(39))}`"


def overview(
    verbs: Sequence[Help] = (), channel_name: str | None = None, zone: str = "UTC", app: str = "daily-news"
) -> Message:
    """Few lines: three examples for this channel, this zone and an app of theirs, then every word in a line, what is
    needed most at the top."""
    app = one_line(app) if " " not in one_line(app) else f'"{one_line(app)}"'
    there = f" to #{one_line(channel_name)}" if channel_name else ""
    examples = (
        f"/dify schedule {app} every weekday at 9:00 in {one_line(zone)}{there}",
        f'/dify schedule {app} every 2 hours as "News watch" topic="AI news"',
        '/dify run "News watch"',
    )
    told = "Dify Ops runs your Dify workflows on a schedule and posts the results here."
    blocks = [section(f"{told}\n" + "\n".join(typed(example) for example in examples))]
    lines = [
        f"{bold(one.verb, 40)} {escape(shorten(one_line(one.says), 120))}"
        for one in sorted(verbs, key=_need)[:OVERVIEW_VERBS]
    ]
    blocks += [section("\n".join(lines[at : at + 15])) for at in range(0, len(lines), 15)]
    blocks.append(actions(button("New job", "new_job", "new", style="primary", label="Schedule a new job")))
    blocks.append(context("More about one word: `/dify help schedule`. Names may be shortened; `#12` is job 12."))
    return message(f"{told} Type `/dify help schedule` for more about one word.", blocks)


def _need(one: Help) -> tuple[int, str]:
    return (NEEDED_MOST.index(one.verb) if one.verb in NEEDED_MOST else len(NEEDED_MOST), one.verb)


def verb(verb: str, usage: str, text: str, examples: Sequence[str] = ()) -> Message:
    """The page of one word."""
    told = f"{bold(verb, 40)} {escape(shorten(text, 1500))}"
    blocks = [section(told), section(f"*How to type it*\n{typed(usage)}")]
    if examples:
        blocks.append(section("*Examples*\n" + "\n".join(typed(one) for one in examples[:EXAMPLES_SHOWN])))
    return message(f"{told} {typed(usage)}", blocks)
