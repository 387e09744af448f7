"""What Slack would say about blocks, a view or a message, told before it is sent; pure and fast.

Three passes: types and lengths (schema.py), then, only where those hold, shapes (shapes.py) and what concerns the
payload as a whole: surfaces, unique ids, sums.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.demo.slack import limits
from bot.demo.slack.problem import Findings, Path, Problem
from bot.demo.slack.schema import check_for
from bot.demo.slack.shapes import check_shape, texts_of
from bot.demo.slack.surfaces import HOME, MESSAGE, MODAL, may_stand

_ONE_PER_MESSAGE = ({"table", "data_table"}, {"plan"})
_VIEWS = {MODAL: "ModalView", HOME: "HomeView"}
_MODAL_ONLY = ("file_input",)


def check_blocks(blocks: Any, surface: str = MESSAGE, at: Path = ("blocks",)) -> list[Problem]:
    """The problems of a list of blocks on `message`, `modal` or `home`; pointers begin with `at`."""
    found = Findings()
    if not isinstance(blocks, list):
        found.add(at, "wrong_type", "must provide an array", "array")
        return found.problems
    most = limits.MESSAGE_BLOCKS if surface == MESSAGE else limits.VIEW_BLOCKS
    if len(blocks) > most:
        found.too_many(at, most)
    for index, block in enumerate(blocks):
        _check_block(block, (*at, index), surface, found)
    if not found.problems:
        _check_ids(blocks, at, found)
        _check_sums(blocks, at, surface, found)
    return found.problems


def check_view(view: Any, at: Path = ("view",)) -> list[Problem]:
    """The problems of a modal or a Home, as views.open, .push, .update and .publish take it."""
    found = Findings()
    if not isinstance(view, dict):
        found.add(at, "wrong_type", "must provide an object", "object")
        return found.problems
    surface = view.get("type")
    if not isinstance(surface, str) or surface not in _VIEWS:
        found.add((*at, "type"), "unsupported_type", f"unsupported type: {surface}", sorted(_VIEWS))
        return found.problems
    frame = {**view, "blocks": []} if "blocks" in view else view
    check_for(_VIEWS[surface])(frame, at, found)
    if len(str(view.get("external_id", ""))) > limits.EXTERNAL_ID:
        found.too_long((*at, "external_id"), limits.EXTERNAL_ID)
    if "blocks" in view:
        found.problems += check_blocks(view["blocks"], surface, (*at, "blocks"))
    if not found.problems:
        _check_submit(view, at, found)
    return found.problems


def check_message(message: Any) -> list[Problem]:
    """The problems of a message: blocks, attachments and metadata. A missing `text` is not one of them."""
    found = Findings()
    if not isinstance(message, dict):
        found.add((), "wrong_type", "must provide an object", "object")
        return found.problems
    if message.get("blocks") is not None:
        found.problems += check_blocks(message["blocks"])
    if message.get("attachments") is not None:
        _check_attachments(message["attachments"], found)
    if message.get("metadata"):
        check_for("MessageMetadata")(message["metadata"], ("metadata",), found)
    return found.problems


def elements_of(block: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The interactive and other elements of one block, with their path inside it; not those of child blocks."""
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            yield (name,), block[name]
    for name in ("elements", "actions"):
        if isinstance(block.get(name), list):
            for index, item in enumerate(block[name]):
                if isinstance(item, dict):
                    yield (name, index), item


def all_blocks(blocks: list[Any], at: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every block with its path, the children of containers, plans and carousels included."""
    for index, block in enumerate(blocks):
        yield (*at, index), block
        for name in ("child_blocks", "tasks"):
            if isinstance(block.get(name), list):
                yield from all_blocks(block[name], (*at, index, name))
        if block.get("type") == "carousel":
            yield from all_blocks(block["elements"], (*at, index, "elements"))


def _check_block(block: Any, path: Path, surface: str, found: Findings) -> None:
    before = len(found.problems)
    check_for("KnownBlock")(block, path, found)
    if len(found.problems) > before:
        return
    for where, each in all_blocks([block]):
        if not may_stand(each["type"], surface):
            where_type = (*path, *where[1:], "type")
            text = f"unsupported type: {each['type']} is not supported in a {surface}"
            found.add(where_type, "unsupported_surface", text, surface)
    _walk_shapes(block, path, surface, found)


def _walk_shapes(value: Any, path: Path, surface: str, found: Findings) -> None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            _walk_shapes(item, (*path, index), surface, found)
    elif isinstance(value, dict):
        check_shape(value, path, found)
        _check_surface_fields(value, path, surface, found)
        for name, item in value.items():
            if isinstance(item, (dict, list)):
                _walk_shapes(item, (*path, name), surface, found)


def _check_surface_fields(item: Mapping[str, Any], path: Path, surface: str, found: Findings) -> None:
    if surface == MODAL:
        return
    if item.get("type") in _MODAL_ONLY:
        found.add((*path, "type"), "unsupported_surface", f"unsupported type: {item['type']}", surface)
    if item.get("response_url_enabled"):
        where = (*path, "response_url_enabled")
        found.add(where, "unsupported_surface", "response_url_enabled is only allowed in a modal", surface)


def _check_ids(blocks: list[Any], at: Path, found: Findings) -> None:
    block_ids: set[str] = set()
    focused = 0
    for where, block in all_blocks(blocks):
        block_id = block.get("block_id")
        if block_id and block_id in block_ids and block["type"] != "markdown":
            text = f"block_id {block_id} already exists"
            found.add((*at, *where, "block_id"), "duplicate", text, block_id)
        block_ids.add(str(block_id))
        action_ids: set[str] = set()
        for inside, element in elements_of(block):
            focused += bool(element.get("focus_on_load"))
            action_id = element.get("action_id")
            if action_id and action_id in action_ids:
                text = f"action_id {action_id} already exists"
                found.add((*at, *where, *inside, "action_id"), "duplicate", text, action_id)
            action_ids.add(str(action_id))
    if focused > 1:
        found.add(at, "too_many_items", "only one element may have focus_on_load", 1)


def _check_sums(blocks: list[Any], at: Path, surface: str, found: Findings) -> None:
    if surface != MESSAGE:
        return
    kinds = [block["type"] for _, block in all_blocks(blocks)]
    for only in _ONE_PER_MESSAGE:
        if sum(kind in only for kind in kinds) > 1:
            text = f"only one {' or '.join(sorted(only))} is allowed in a message"
            found.add(at, "too_many_items", text, 1)
    if kinds.count("data_visualization") > limits.CHARTS:
        found.too_many(at, limits.CHARTS)
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > limits.MARKDOWN_SUM:
        found.too_long(at, limits.MARKDOWN_SUM)


def _check_submit(view: Mapping[str, Any], at: Path, found: Findings) -> None:
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if view["type"] == MODAL and has_input and "submit" not in view:
        found.add(at, "missing_field", "missing required field: submit (the view has an input)", "submit")


def _check_attachments(attachments: Any, found: Findings) -> None:
    if not isinstance(attachments, list):
        found.add(("attachments",), "wrong_type", "must provide an array", "array")
        return
    if len(attachments) > limits.ATTACHMENTS:
        found.too_many(("attachments",), limits.ATTACHMENTS)
    for index, attachment in enumerate(attachments):
        path: Path = ("attachments", index)
        frame = {k: v for k, v in attachment.items() if k != "blocks"} if isinstance(attachment, dict) else None
        check_for("MessageAttachment")(frame, path, found)
        if frame is not None and "blocks" in attachment:
            found.problems += check_blocks(attachment["blocks"], MESSAGE, (*path, "blocks"))


def text_sum(blocks: list[Any]) -> int:
    """How many characters of text a message's blocks hold; Slack refuses too many as msg_blocks_too_long."""
    return sum(map(len, texts_of(blocks)))
