"""should_escape: names that people type become ids."""

import pytest

from bot.demo.slack import LocalSlack
from bot.demo.slack.words import escape_command


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("list #ops", "list <#C0OPS|ops>"),
        ("list #OPS,#news", "list <#C0OPS|ops>,<#C0NEWS|news>"),
        ("ask @Ben and @chie.", "ask <@U0BEN> and @chie."),
        ("ask @Dify", "ask @Dify"),
        ("#nowhere #12 a#ops mail@ben.example", "#nowhere #12 a#ops mail@ben.example"),
        ("see https://e.example/a#ops now", "see <https://e.example/a#ops> now"),
        ("  two  spaces “kept”", "  two  spaces “kept”"),
    ],
)
def test_names_become_ids(typed: str, sent: str) -> None:
    assert escape_command(LocalSlack(manifest=LocalSlack.load_manifest()).workspace, typed) == sent


def test_a_private_channel_unknown_to_the_bot_keeps_its_name_to_itself() -> None:
    slack = LocalSlack(manifest=LocalSlack.load_manifest())
    assert escape_command(slack.workspace, "#finance") == "<#C0FINANCE|finance>"
    slack.workspace.channels["C0FINANCE"].members.remove("U0BOT")
    assert escape_command(slack.workspace, "#finance") == "<#C0FINANCE|>"
