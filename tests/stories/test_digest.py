"""A burst of results: one message of many lines, from which each run can be opened."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.operations.digest import GATHER_S
from bot.operations.show import show
from storage import runs
from tests.stories.sight import words_of
from tests.stories.world import NEWS, World

BURST = 30


async def test_the_trace_of_each_run_opens_from_the_digest(world: World) -> None:
    await world.save('/dify schedule loops every hour as "Rounds" to #news')
    await world.turn_to_next()
    await world.told("*Rounds* finished", NEWS)
    services = world.bot.services

    def repeat(c: Connection) -> None:
        """The same result many times, as if as many jobs had ended together."""
        (first,) = [run for run in runs.list_runs(c, services.team_id, limit=9) if run.state.has_ended]
        blob, now = runs.get_trace(c, first.id), services.now()
        assert blob is not None
        for number in range(BURST):
            run = runs.add(c, replace(first, id=0, key=f"again:{number}", name=f"Rounds {number}"))
            assert run is not None
            runs.put_trace(c, run.id, blob, 1, 0, 0)
            show(c, run, now=now, rank=1)

    await services.store.run(repeat)
    await world.bot.courier.once()
    world.turn(timedelta(seconds=GATHER_S + 1))
    digest = await world.told("runs ended:", NEWS)
    (menu,) = digest.blocks[-1]["elements"]
    last = menu["options"][-1]["value"].removeprefix("run:")
    await world.slack.choose("U0ANA", digest, "open_trace", f"run:{last}")
    view = await world.view(f"Run {last}")
    assert "Rounds" in words_of(view)
