"""What a list of spans amounts to: costs, culprits, troubles."""

from decimal import Decimal

from bot.dify.spans import find_culprit, sum_costs
from storage.records import NodeSpan
from tests.dify.streams import recorded, trace_of


def span(name: str, kind: str = "llm", price: str | None = None, **more: object) -> NodeSpan:
    values = {"currency": None if price is None else "USD", "state": "succeeded", **more}
    return NodeSpan(id=name, node_id=name, kind=kind, title=name, price=price, **values)  # type: ignore[arg-type]


def test_the_cost_of_a_run_is_the_sum_of_its_leaves() -> None:
    assert sum_costs(trace_of(recorded("1.16.1/llm_iteration")).spans()) == {"USD": Decimal("0.00061")}


def test_an_unknown_cost_is_no_zero() -> None:
    assert sum_costs(trace_of(recorded("1.16.1/iteration_seq")).spans()) == {}
    assert sum_costs([]) == {}


def test_a_model_that_costs_nothing_is_known_to_cost_nothing() -> None:
    assert sum_costs([span("a", price="0.0")]) == {"USD": Decimal(0)}


def test_currencies_are_never_added_up() -> None:
    found = sum_costs(
        [span("a", price="0.1"), span("b", price="0.2", currency="EUR"), span("c", price="1", currency=None)]
    )
    assert found == {"USD": Decimal("0.1"), "EUR": Decimal("0.2"), "": Decimal(1)}


def test_a_container_counts_only_where_its_children_told_nothing() -> None:
    outer = span("outer", "iteration", "0.9")
    inner = span("inner", "loop", "0.4", parent="outer")
    assert sum_costs([outer, inner]) == {"USD": Decimal("0.9")}
    assert sum_costs([outer, inner, span("a", price="0.5", parent="outer")]) == {"USD": Decimal("0.9")}
    assert sum_costs([outer, inner, span("a", price="0.4", parent="inner")]) == {"USD": Decimal("0.4")}


def test_the_culprit_is_the_leaf_that_failed_and_not_its_container() -> None:
    leaf = span("leaf", "code", state="failed", error="boom", parent="box")
    box = span("box", "iteration", state="failed", error="boom")
    assert find_culprit([box, leaf, span("ok")]) is leaf
    assert find_culprit([box, span("mute", state="failed")]) is box
    assert find_culprit([span("ok"), span("handled", state="exception", error="x")]) is None
