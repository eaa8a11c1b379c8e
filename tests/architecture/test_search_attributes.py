"""Search attributes are defined in one place, and what is not defined there is not used.

Temporal shows them in plain and stores them for as long as the workflow: they must say nothing about anybody. One that
is not registered wedges the workflow task that sets it.
"""

import ast

from temporalio.common import SearchAttributeKey

from contracts import search_attributes
from contracts.search_attributes import ALL
from tests.architecture.source_tree import modules

HOME = "contracts/search_attributes.py"
DEFINED = {name: value for name, value in vars(search_attributes).items() if isinstance(value, SearchAttributeKey)}


def test_every_attribute_that_is_defined_is_registered_under_a_name_of_ours() -> None:
    assert set(DEFINED.values()) == set(ALL)
    assert len({key.name for key in ALL}) == len(ALL)
    assert all(key.name.startswith("Amends") for key in ALL)


def test_no_attribute_is_a_text_that_could_hold_anything() -> None:
    assert {key.indexed_value_type.name for key in ALL} <= {"BOOL", "INT", "DATETIME", "KEYWORD"}


def test_attributes_are_defined_in_one_place() -> None:
    elsewhere = [path for path, tree in modules().items() if path != HOME and _defines_a_key(tree)]
    assert elsewhere == []


def test_what_a_workflow_sets_is_registered() -> None:
    set_by_workflows = {
        name for path, tree in modules().items() if path.startswith("workflows/") for name in _set_in(tree)
    }
    assert set_by_workflows
    assert {DEFINED[name] for name in set_by_workflows} <= set(ALL)


def _defines_a_key(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr.startswith("for_") and _is_named(node.value, "SearchAttributeKey")
        for node in ast.walk(tree)
    )


def _set_in(tree: ast.Module) -> list[str]:
    """The names of the keys in every `KEY.value_set(…)` and `KEY.value_unset()`."""
    return [
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"value_set", "value_unset"}
        and isinstance(node.value, ast.Name)
    ]


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
