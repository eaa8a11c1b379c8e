"""Nobody asks a running workflow but at the one place that decision 39 names."""

import ast

from tests.architecture.source_tree import modules


def test_one_place_alone_sends_a_query() -> None:
    places = [
        path
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"query", "execute_query"}
        and "workflow" not in ast.unparse(node.func.value)
    ]
    assert places == ["runtime/launcher.py"]
