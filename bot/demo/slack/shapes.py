"""What a block or element must satisfy beyond types and lengths: either-or fields, formats, matching parts."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.slack import limits
from bot.demo.slack.charts import check_chart
from bot.demo.slack.problem import Findings, Path

Shape = Callable[[Mapping[str, Any], Path, Findings], None]

_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_URL = re.compile(r"(https?|slack|mailto|tel):\S+")


def check_shape(item: Mapping[str, Any], path: Path, found: Findings) -> None:
    """Applies the rule of the item's `type`, where there is one."""
    rule = _SHAPES.get(str(item.get("type")))
    if rule is not None:
        rule(item, path, found)


def _section(block: Mapping[str, Any], path: Path, found: Findings) -> None:
    if "text" not in block and not block.get("fields"):
        found.add(path, "missing_field", "must provide either text or fields", ["text", "fields"])


def _container(block: Mapping[str, Any], path: Path, found: Findings) -> None:
    titles = [name for name in ("title", "rich_text_title") if name in block]
    if len(titles) != 1:
        found.add(path, "one_of", "must provide exactly one of title, rich_text_title", 1)
    if block.get("is_collapsible") and "has_header_divider" in block:
        where = (*path, "has_header_divider")
        found.add(where, "conflict", "has_header_divider is not allowed together with is_collapsible")
    if "default_collapsed" in block and not block.get("is_collapsible"):
        found.add((*path, "default_collapsed"), "conflict", "default_collapsed requires is_collapsible")


def _plan(block: Mapping[str, Any], path: Path, found: Findings) -> None:
    seen: set[str] = set()
    for index, task in enumerate(block.get("tasks", [])):
        if task["task_id"] in seen:
            found.add((*path, "tasks", index, "task_id"), "duplicate", "task_id must be unique in a plan")
        seen.add(task["task_id"])


def _task_card(block: Mapping[str, Any], path: Path, found: Findings) -> None:
    if block["status"] == "pending" and "tasks" not in path:
        found.add((*path, "status"), "not_allowed", "pending is only allowed inside a plan")


def _card(block: Mapping[str, Any], path: Path, found: Findings) -> None:
    parts = ("hero_image", "title", "actions", "body")
    if not any(block.get(part) for part in parts):
        found.add(path, "one_of", f"must provide at least one of {', '.join(parts)}", list(parts))


def _table(block: Mapping[str, Any], path: Path, found: Findings) -> None:
    _check_rows(block["rows"], path, limits.TABLE_TEXT, found)


def _data_table(block: Mapping[str, Any], path: Path, found: Findings) -> None:
    rows = block["rows"]
    _check_rows(rows, path, limits.DATA_TABLE_TEXT, found)
    widths = {len(row) for row in rows}
    if len(widths) > 1 or 0 in widths:
        found.add((*path, "rows"), "unequal", "every row must have the same number of columns")
    if any(cell["type"] == "rich_text" for cell in rows[0]):
        found.add((*path, "rows", 0), "not_allowed", "the header row must not hold rich_text")
    if not 1 <= block.get("page_size", 5) <= limits.DATA_TABLE_PAGE:
        found.add((*path, "page_size"), "out_of_range", "must be between 1 and 100", limits.DATA_TABLE_PAGE)
    if not 0 <= block.get("row_header_column_index", 0) < max(widths):
        found.add((*path, "row_header_column_index"), "out_of_range", "must be the index of a column")


def _check_rows(rows: list[list[Any]], path: Path, sum_limit: int, found: Findings) -> None:
    for index, row in enumerate(rows):
        if len(row) > limits.TABLE_CELLS:
            found.too_many((*path, "rows", index), limits.TABLE_CELLS)
    if sum(len(text) for row in rows for text in texts_of(row)) > sum_limit:
        found.add((*path, "rows"), "too_long", f"must be less than {sum_limit + 1} characters", sum_limit)


def _button(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    _check_url(element, "url", path, found)


def _image(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    _check_url(element, "image_url", path, found)


def _check_url(element: Mapping[str, Any], name: str, path: Path, found: Findings) -> None:
    if name in element and not _URL.fullmatch(element[name]):
        found.add((*path, name), "bad_url", "must be a valid URL", element[name][:80])


def _select(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    if ("options" in element) == ("option_groups" in element):
        found.add(path, "one_of", "must provide exactly one of options, option_groups", 1)
        return
    groups = [element["options"]] if "options" in element else [g["options"] for g in element["option_groups"]]
    for group in groups:
        if not 1 <= len(group) <= limits.SUGGESTIONS:
            found.add(path, "too_many_items", "must have 1 to 100 options", limits.SUGGESTIONS)
    _check_choice(element, [option for group in groups for option in group], path, found)


def _choices(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    _check_choice(element, element["options"], path, found)


def _check_choice(element: Mapping[str, Any], options: list[Any], path: Path, found: Findings) -> None:
    plain = [_bare(option) for option in options]
    chosen = element.get("initial_options", [])
    chosen = [*chosen, element["initial_option"]] if "initial_option" in element else chosen
    if any(_bare(option) not in plain for option in chosen):
        found.add(path, "mismatch", "the initial option must equal one of the options exactly")
    values = [option.get("value") for option in options if "value" in option]
    if len(values) != len(set(values)):
        found.add(path, "duplicate", "the value of an option must be unique")


def _bare(option: Mapping[str, Any]) -> Any:
    """An option without the fields that Slack fills in, for comparing."""
    return {k: {"text": v["text"]} if isinstance(v, dict) else v for k, v in option.items()}


def _plain_text_input(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    low, high = element.get("min_length", 0), element.get("max_length", limits.INPUT_LENGTH)
    if not 0 <= low <= high <= limits.INPUT_LENGTH:
        found.add(path, "out_of_range", "0 <= min_length <= max_length <= 3000 must hold", limits.INPUT_LENGTH)


def _number_input(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    for name in ("min_value", "max_value", "initial_value"):
        try:
            float(element.get(name, "0"))
        except ValueError:
            found.add((*path, name), "bad_number", "must be a number in a string", element[name][:80])


def _datepicker(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    if "initial_date" in element and not _DATE.fullmatch(element["initial_date"]):
        found.add((*path, "initial_date"), "bad_date", "must have the form YYYY-MM-DD")


def _timepicker(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    if "initial_time" in element and not _TIME.fullmatch(element["initial_time"]):
        found.add((*path, "initial_time"), "bad_time", "must have the form HH:mm")


def _datetimepicker(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    seconds = element.get("initial_date_time", 10**9)
    if not isinstance(seconds, int) or len(str(seconds)) != 10:
        found.add((*path, "initial_date_time"), "bad_time", "must be a Unix time of 10 digits")


def _file_input(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    if not 1 <= element.get("max_files", 1) <= limits.FILES_IN_INPUT:
        found.add((*path, "max_files"), "out_of_range", "must be between 1 and 10", limits.FILES_IN_INPUT)


def _rich_text_list(element: Mapping[str, Any], path: Path, found: Findings) -> None:
    if not 0 <= element.get("indent", 0) <= limits.LIST_INDENT:
        found.add((*path, "indent"), "out_of_range", "must be between 0 and 8", limits.LIST_INDENT)


def texts_of(value: Any) -> list[str]:
    """Every text that a reader sees in a piece of Block Kit: the strings under `text`, `title` and `caption`."""
    if isinstance(value, list):
        return [text for item in value for text in texts_of(item)]
    if not isinstance(value, dict):
        return []
    found: list[str] = []
    for name, each in value.items():
        if isinstance(each, str):
            found += [each] if name in ("text", "title", "caption") else []
        else:
            found += texts_of(each)
    return found


_SHAPES: dict[str, Shape] = {
    "section": _section,
    "container": _container,
    "plan": _plan,
    "task_card": _task_card,
    "card": _card,
    "table": _table,
    "data_table": _data_table,
    "data_visualization": check_chart,
    "button": _button,
    "image": _image,
    "static_select": _select,
    "multi_static_select": _select,
    "radio_buttons": _choices,
    "checkboxes": _choices,
    "overflow": _choices,
    "plain_text_input": _plain_text_input,
    "number_input": _number_input,
    "datepicker": _datepicker,
    "timepicker": _timepicker,
    "datetimepicker": _datetimepicker,
    "file_input": _file_input,
    "rich_text_list": _rich_text_list,
}
