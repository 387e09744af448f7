"""Open trace: the tree of a run as a stack of modals, private to the reader, down to one round and one node."""

from pathlib import Path

import pytest

from bot.demo.slack import Message, View
from tests.stories.sight import buttons_of, row, words_of
from tests.stories.workflows import app_that_says, app_with_rounds
from tests.stories.world import ANA, BEN, OPS, TRANSPORTS, World, open_world


async def finished(world: World, app: str, typed: str = "") -> Message:
    await world.type(f"/dify run {app} {typed}")
    return await world.told(f"*{app}* finished")


async def enter(world: World, view: View, words: str, user: str = ANA) -> View:
    """Presses *Open* in the row that says these words, and gives the view that is on top then."""
    before = (view.id, view.hash)
    await world.press(view, "trace_open", user, block_id=row(view, words))
    await world.wait(lambda: (world.slack.views(user)[-1].id, world.slack.views(user)[-1].hash) != before)
    return world.slack.views(user)[-1]


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_a_reader_drills_down_to_one_round_of_an_iteration_and_one_node_of_it(world: World) -> None:
    done = await finished(world, "daily-report", "city=Basel")
    await world.press(done, "Open trace")
    tree = await world.view("Run 1")
    assert "Look at each area · Iteration · 3 rounds" in words_of(tree)
    assert "tokens" in words_of(tree)
    rounds = await enter(world, tree, "Look at each area")
    assert rounds.title == "Iteration: 3 rounds"
    third = await enter(world, rounds, "Round 3")
    assert third.title == "Round 3"
    assert "Read the numbers" in words_of(third)
    assert len(world.slack.views(ANA)) == 3
    node = await enter(world, third, "Read the numbers")
    assert node.title == "Node"
    assert len(world.slack.views(ANA)) == 3
    assert "Systems" in words_of(node)


async def test_a_loop_inside_an_iteration_is_read_below_slacks_stack_of_three_and_back(world: World) -> None:
    done = await finished(world, "loops")
    await world.press(done, "Open trace")
    tree = await world.view("Run 1")
    rounds = await enter(world, tree, "For each shelf · Iteration · 2 rounds")
    second = await enter(world, rounds, "Round 2")
    assert "Count twice · Loop" in words_of(second)
    loop = await enter(world, second, "Count twice")
    assert loop.id == second.id
    assert loop.title == "Loop: 2 rounds"
    inner = await enter(world, loop, "Round 1")
    assert inner.title == "Round 1"
    node = await enter(world, inner, "")
    assert node.title == "Node"
    titles = []
    while "Back" in buttons_of(node):
        before = node.hash
        await world.press(node, "Back")
        await world.wait(lambda before=before: node.hash != before)
        titles.append(node.title)
    assert titles == ["Round 1", "Loop: 2 rounds", "Round 2"]
    assert "Count twice · Loop" in words_of(node)
    assert [view.title for view in world.slack.views(ANA)] == ["Run 1", "Iteration: 2 rounds", "Round 2"]


async def test_two_readers_of_one_trace_do_not_disturb_each_other(world: World) -> None:
    done = await finished(world, "loops")
    edits = done.edits  # of a run that takes its time
    await world.press(done, "Open trace", ANA)
    await world.press(done, "Open trace", BEN)
    anas, bens = await world.view("Run 1", ANA), await world.view("Run 1", BEN)
    await enter(world, anas, "For each shelf", ANA)
    assert world.slack.views(BEN) == [bens]
    assert len(world.slack.messages(OPS)) == 1
    assert done.edits == edits


async def test_twenty_rounds_fill_a_page_and_the_others_are_one_button_away(tmp_path: Path) -> None:
    async with open_world(tmp_path, apps=[app_with_rounds(tmp_path, "many", 45)]) as world:
        done = await finished(world, "many")
        await world.press(done, "Open trace")
        rounds = await enter(world, await world.view("Run 1"), "Iteration · 45 rounds")
        assert "Page 1 of 3" in words_of(rounds)
        assert "Round 20" in words_of(rounds)
        assert "Round 21" not in words_of(rounds)
        for page in (2, 3):
            await world.press(rounds, "Next page")
            await world.wait(lambda page=page: f"Page {page} of 3" in words_of(rounds))
        assert "Round 45" in words_of(rounds)
        last = await enter(world, rounds, "Round 45")
        assert last.title == "Round 45"
        await world.slack.close_view(ANA, last)
        await world.press(rounds, "Previous page")
        await world.wait(lambda: "Page 2 of 3" in words_of(rounds))


async def test_a_long_value_is_cut_and_its_full_text_comes_to_the_reader_alone(tmp_path: Path) -> None:
    text = "word " * 1500
    async with open_world(tmp_path, apps=[app_that_says("talker", text)]) as world:
        done = await finished(world, "talker")
        await world.press(done, "Open trace")
        node = await enter(world, await world.view("Run 1"), "Format greeting")
        assert "Full text" in buttons_of(node)
        await world.press(node, "Full text")
        await world.dm("The full text from run 1")
        files = await world.wait(lambda: [each for each in world.slack.workspace.files.values() if each.channels])
        assert text.encode() in (files[0].content or b"").replace(b"\\n", b"\n")
        assert files[0].channels == {world.slack.workspace.open_im(ANA).id}
        assert len(world.slack.messages(OPS)) == 1


async def test_a_run_that_dify_refused_opens_a_trace_that_says_why(world: World) -> None:
    await world.type("/dify run no-model q=Why?")
    failed = await world.told("*no-model* failed")
    await world.press(failed, "Open trace")
    tree = await world.view("Run 1")
    assert "failed" in words_of(tree)
    assert "model" in words_of(tree).lower()


async def test_the_trace_of_a_run_that_goes_on_shows_what_is_known_so_far(world: World) -> None:
    await world.type("/dify run never-ending")
    running = await world.told("*never-ending* is running: 1 of 2 nodes")
    await world.press(running, "Open trace")
    tree = await world.view("Run 1")
    await world.wait(lambda: "Watch the queue" in words_of(tree))
    assert "running" in words_of(tree)
