"""The rules of data_visualization: counts, names, and labels that match the categories."""

from collections.abc import Mapping
from typing import Any

from bot.demo.slack import limits
from bot.demo.slack.problem import Findings, Path


def check_chart(block: Mapping[str, Any], path: Path, found: Findings) -> None:
    """A pie needs positive segments; the other kinds need series whose labels equal the categories."""
    chart, where = block["chart"], (*path, "chart")
    if chart["type"] == "pie":
        _check_count(chart["segments"], (*where, "segments"), limits.CHART_PARTS, found)
        for index, segment in enumerate(chart["segments"]):
            _check_name(segment["label"], (*where, "segments", index, "label"), limits.CHART_NAME, found)
            if segment["value"] <= 0:
                found.add((*where, "segments", index, "value"), "out_of_range", "must be more than 0", 0)
        return
    _check_axis(chart["axis_config"], (*where, "axis_config"), found)
    _check_count(chart["series"], (*where, "series"), limits.CHART_PARTS, found)
    _check_series(chart, where, found)


def _check_axis(axis: Mapping[str, Any], path: Path, found: Findings) -> None:
    _check_count(axis["categories"], (*path, "categories"), limits.CHART_POINTS, found)
    for index, label in enumerate(axis["categories"]):
        _check_name(label, (*path, "categories", index), limits.CHART_NAME, found)
    for name in ("x_label", "y_label"):
        if len(axis.get(name, "")) > limits.CHART_AXIS:
            found.too_long((*path, name), limits.CHART_AXIS)


def _check_series(chart: Mapping[str, Any], path: Path, found: Findings) -> None:
    names: set[str] = set()
    for index, series in enumerate(chart["series"]):
        where = (*path, "series", index)
        _check_name(series["name"], (*where, "name"), limits.CHART_NAME, found)
        _check_count(series["data"], (*where, "data"), limits.CHART_POINTS, found)
        if series["name"] in names:
            found.add((*where, "name"), "duplicate", "the name of a series must be unique")
        names.add(series["name"])
        if [point["label"] for point in series["data"]] != chart["axis_config"]["categories"]:
            found.add((*where, "data"), "mismatch", "labels must equal axis_config.categories")


def _check_count(items: list[Any], path: Path, high: int, found: Findings) -> None:
    if not items:
        found.too_few(path, 1)
    if len(items) > high:
        found.too_many(path, high)


def _check_name(text: str, path: Path, high: int, found: Findings) -> None:
    if not 0 < len(text) <= high:
        found.add(path, "too_long", f"must have 1 to {high} characters", high)
