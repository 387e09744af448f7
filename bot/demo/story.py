"""The story that the demo tells: what a person types and presses in the local Slack, and what comes back."""

from collections.abc import Callable
from typing import Any, TypeVar

from bot.demo.slack import LocalSlack, Message, View

ANA = "U0ANA"
OPS = "#ops"
PATIENCE_S = 40.0

Say = Callable[[str], None]
Seen = TypeVar("Seen")


async def tell(slack: LocalSlack, say: Say) -> None:
    """Play the main job through; raises when a step does not bring what it should."""
    teller = _Teller(slack, say)
    say(f"The local Slack stands at {slack.url}: open it to watch, or to play along.\n")
    await teller.schedule()
    first = await teller.watch_the_run()
    await teller.open_the_trace(first)
    await teller.run_again(first)
    await teller.see_a_failure()
    await teller.pause()
    say("\nThat was the main job: scheduled, run, told, traced, run again, alerted, paused.")


class _Teller:
    def __init__(self, slack: LocalSlack, say: Say) -> None:
        self._slack = slack
        self._say = say

    async def schedule(self) -> None:
        typed = "/dify schedule daily-report in 5 seconds"
        self._person(f"types {typed}")
        await self._slack.type(ANA, OPS, typed)
        card = await self._wait(lambda: self._own("New job"))
        self._bot(card.text)
        self._person("presses Save")
        await self._slack.click(ANA, card, "draft_save")
        await self._wait(lambda: self._own("Saved"))
        self._bot(self._own("Saved").text)  # type: ignore[union-attr]

    async def watch_the_run(self) -> Message:
        self._say("  … the due time comes, the bot starts the workflow at Dify and reads its stream")
        running = await self._wait(lambda: self._told("is running"), 60)
        self._bot(running.text)
        done = await self._wait(lambda: self._told("finished"), 60)
        self._bot(done.text)
        for line in _result_lines(done):
            self._say(f"      │ {line}")
        return done

    async def open_the_trace(self, message: Message) -> None:
        self._person("presses Open trace")
        await self._slack.click(ANA, message, "open_trace")
        tree = await self._wait(self._top_view)
        self._show(tree)
        row = _find_button(tree, "round")
        self._person("opens the iteration, then its first round")
        await self._slack.click(ANA, tree, "trace_open", block_id=row)
        rounds = await self._wait(lambda: self._view_over(tree))
        self._show(rounds)
        await self._slack.click(ANA, rounds, "trace_open", block_id=_find_button(rounds, "Round 1"))
        self._show(await self._wait(lambda: self._view_over(rounds)))
        await self._slack.close_view(ANA, self._slack.views(ANA)[-1], everything=True)

    async def run_again(self, message: Message) -> None:
        self._person("presses Run again and agrees, twice in haste")
        before = len(self._runs("finished"))
        for _ in range(2):
            await self._slack.click(ANA, message, "run_again", confirmed=True)
        again = await self._wait(lambda: self._nth("finished", before), 60)
        self._bot(f"{again.text} (one run, not two: {len(self._runs('finished'))} results in all)")

    async def see_a_failure(self) -> None:
        typed = '/dify schedule broken 3 seconds after each run as "Price check"'
        self._person(f"types {typed} and presses Save")
        await self._slack.type(ANA, OPS, typed)
        card = await self._wait(lambda: self._own("Price check"))
        await self._slack.click(ANA, card, "draft_save")
        alert = await self._wait(lambda: self._told("<@U0ANA>"), 60)
        self._bot(alert.text)
        self._say("      │ " + " · ".join(_buttons(alert)))
        self._person("presses Pause job")
        await self._slack.click(ANA, alert, "pause_job")
        self._bot((await self._wait(lambda: self._own("paused *Price check*"))).text)

    async def pause(self) -> None:
        typed = '/dify schedule daily-report every weekday at 9 as "Morning report"'
        self._person(f"types {typed}, presses Save, then types /dify pause morning")
        await self._slack.type(ANA, OPS, typed)
        card = await self._wait(lambda: self._own("Morning report"))
        await self._slack.click(ANA, card, "draft_save")
        await self._wait(lambda: self._own("Saved: *Morning report*"))
        answer = await self._slack.type(ANA, OPS, "/dify pause morning")
        if answer.message is None:
            raise RuntimeError("the pause was not answered")
        self._bot(answer.message.text)
        self._person("presses Resume job")
        await self._slack.click(ANA, answer.message, "resume_job")
        self._bot((await self._wait(lambda: self._own("resumed *Morning report*"))).text)

    def _person(self, deed: str) -> None:
        self._say(f"Ana {deed}")

    def _bot(self, text: str) -> None:
        self._say(f"  Dify Ops: {text}")

    def _show(self, view: View) -> None:
        self._say(f"  [{view.payload['title']['text']}]")
        for block in view.blocks:
            text = _text_of(block)
            if text:
                self._say(f"      │ {text.splitlines()[0]}")

    async def _wait(self, look: Callable[[], Seen | None], patience_s: float = PATIENCE_S) -> Seen:
        seen = await self._slack.wait_for(look, patience_s)
        assert seen is not None
        return seen

    def _own(self, words: str) -> Message | None:
        """The newest message that only Ana sees, if it says so."""
        found = [message for message in self._slack.ephemerals(ANA) if words in message.text]
        return found[-1] if found else None

    def _runs(self, words: str) -> list[Message]:
        return [message for message in self._slack.messages(OPS) if words in message.text]

    def _told(self, words: str) -> Message | None:
        return self._nth(words, 0)

    def _nth(self, words: str, index: int) -> Message | None:
        found = self._runs(words)
        return found[index] if len(found) > index else None

    def _top_view(self) -> View | None:
        views = self._slack.views(ANA)
        return views[-1] if views else None

    def _view_over(self, below: View) -> View | None:
        top = self._top_view()
        return top if top is not None and top.id != below.id else None


def _find_button(view: View, words: str) -> str:
    """The block whose row says these words and has something to open."""
    for block in view.blocks:
        if block.get("accessory") and words in _text_of(block):
            return str(block["block_id"])
    raise LookupError(f"no row of the trace says “{words}”")


def _text_of(block: dict[str, Any]) -> str:
    text = block.get("text")
    return str(text["text"] if isinstance(text, dict) else text or "")


def _result_lines(message: Message) -> list[str]:
    shown = [_text_of(block) for block in message.blocks if block["type"] == "markdown"]
    facts = [part["text"] for block in message.blocks if block["type"] == "context" for part in block["elements"]]
    return [line for text in (*shown, *facts[:1]) for line in text.splitlines() if line.strip()]


def _buttons(message: Message) -> list[str]:
    return [
        f"[{element['text']['text']}]"
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]
