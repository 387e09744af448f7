"""Outputs as blocks and as files."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.output import OUTPUT_SHOWN, output_blocks
from bot.blocks.parts import MARKDOWN_SUM
from tests.blocks.makers import harmless, json_values, make_run, nasty_text, patient


def shown(outputs: Any) -> tuple[str, str, str | None]:
    blocks, file = output_blocks(make_run(outputs=outputs))
    texts = [block["text"] for block in blocks if block["type"] == "markdown"]
    boxes = [block["elements"][0]["elements"][0]["text"] for block in blocks if block["type"] == "rich_text"]
    return "\n\n".join(texts), "\n".join(boxes), file[0] if file else None


@patient
@given(st.dictionaries(nasty_text, json_values, max_size=6), st.integers(1, 300))
def test_any_outputs_fit_a_message(outputs: dict[str, Any], times: int) -> None:
    long = {key: value * times if isinstance(value, str) else value for key, value in outputs.items()}
    blocks, _ = output_blocks(make_run(outputs=long))
    assert sum(len(block["text"]) for block in blocks if block["type"] == "markdown") <= MARKDOWN_SUM
    assert len(blocks) <= 12
    assert harmless(blocks) == []


def test_one_text_is_shown_without_its_key() -> None:
    assert shown({"answer": "It *works*"}) == ("It *works*", "", None)


def test_several_texts_stand_under_their_keys_and_values_in_a_box() -> None:
    text, box, _ = shown({"title": "News", "count": 3, "body": "", "items": ["a"]})
    assert text == "**title**\n\nNews\n\n**body**\n\n(empty)"
    assert json.loads(box) == {"count": 3, "items": ["a"]}


def test_a_single_value_keeps_its_key() -> None:
    assert json.loads(shown({"result": {"a": 1}})[1]) == {"result": {"a": 1}}


@pytest.mark.parametrize("outputs", [None, {}])
def test_no_outputs_give_no_blocks(outputs: Any) -> None:
    assert output_blocks(make_run(outputs=outputs)) == ([], None)


@pytest.mark.parametrize("outputs", [{"text": ""}, {"text": " \n"}])
def test_a_blank_text_gives_no_block(outputs: Any) -> None:
    assert output_blocks(make_run(outputs=outputs))[0] == []


def test_up_to_ten_thousand_characters_are_shown_whole() -> None:
    text = "word " * (OUTPUT_SHOWN // 5 - 1)
    assert shown({"text": text})[0].split() == text.split()
    assert shown({"text": text})[2] is None


def test_a_longer_text_becomes_a_file_and_its_head_is_shown() -> None:
    text = "\n\n".join(f"paragraph {number} " + "word " * 20 for number in range(200))
    head, _, name = shown({"text": text})
    assert name == "nightly-digest-run-381.md"
    assert 1000 < len(head) <= 3000
    assert head.endswith("word")


def test_a_text_that_grows_when_it_is_escaped_becomes_a_file_too() -> None:
    head, _, name = shown({"text": "<" * 9000})
    assert name is not None
    assert len(head) < MARKDOWN_SUM


def test_long_values_are_cut_and_the_file_holds_them_all() -> None:
    blocks, file = output_blocks(make_run(name="日本", outputs={"rows": list(range(5000)), "text": "short"}))
    assert file is not None
    assert file[0] == "output-run-381.json"
    assert json.loads(file[1]) == {"rows": list(range(5000)), "text": "short"}
    assert "more characters" in json.dumps(blocks, ensure_ascii=False)
