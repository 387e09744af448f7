"""Where each block may stand: message, modal or home."""

MESSAGE, MODAL, HOME = "message", "modal", "home"

_EVERYWHERE = ("section", "header", "context", "divider", "actions", "image", "input", "rich_text", "video")

# The documentation also lists card for modals and tables for the Home; workspaces were reported to refuse both, so
# this table does too: what passes here passes there.
_BLOCKS: dict[str, frozenset[str]] = {
    **{name: frozenset({MESSAGE, MODAL, HOME}) for name in _EVERYWHERE},
    "markdown": frozenset({MESSAGE}),
    "table": frozenset({MESSAGE}),
    "data_table": frozenset({MESSAGE}),
    "data_visualization": frozenset({MESSAGE}),
    "container": frozenset({MESSAGE}),
    "plan": frozenset({MESSAGE}),
    "task_card": frozenset({MESSAGE}),
    "context_actions": frozenset({MESSAGE}),
    "card": frozenset({MESSAGE, HOME}),
    "carousel": frozenset({MESSAGE, HOME}),
    "alert": frozenset({MODAL}),
    "file": frozenset(),  # only ever read, never sent
}


def may_stand(block_type: str, surface: str) -> bool:
    """Whether Slack shows this block on this surface; unknown blocks stand nowhere."""
    return surface in _BLOCKS.get(block_type, frozenset())
