"""The indicator tree as a form: a row a node, weights in per cent, and the next version that the rows make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from domain.surveys.definition import SurveyDefinition
from domain.surveys.indicators import Indicator
from domain.surveys.questionnaire import Rating
from starter.pages.entry import text_in

NEW = "new"


@dataclass(frozen=True, slots=True)
class Row:
    """A node as it is shown: how deep it stands, its share among its siblings and of the whole, its question."""

    id: str
    depth: int
    titles: Mapping[str, str]
    weight: str
    whole: float | None
    question: str
    is_leaf: bool
    is_removed: bool = False


def rows_of(survey: SurveyDefinition, form: FormData | None = None) -> tuple[Row, ...]:
    """The rows of the stored tree; filled in as somebody wrote them, if somebody did."""
    return tuple(_rows(survey, form))


def ratings_of(survey: SurveyDefinition) -> tuple[tuple[str, str, dict[str, int]], ...]:
    """What can measure a leaf: id, text and scale of every rating."""
    items = (item.question for item in survey.questionnaire.items())
    return tuple(
        (each.id, next(iter(each.text.values())), each.scale.model_dump()) for each in items if isinstance(each, Rating)
    )


def next_version(survey: SurveyDefinition, version: int, form: FormData) -> dict[str, Any]:
    """The document of the version behind `version` that the form makes; what is wrong in it is said by the model."""
    document = survey.model_dump(mode="json", exclude_none=True)
    assert survey.indicators is not None  # noqa: S101  only a survey with a tree has the form
    scales = {name: scale for name, _, scale in ratings_of(survey)}
    children = [_node(survey, node, form, scales) for node in survey.indicators.children]
    document["indicators"]["children"] = _with_new(
        [child for child in children if child is not None], _added(survey, form, scales), text_in(form, "parent-new")
    )
    return document | {"version": version + 1}


def summing_to_all(document: dict[str, Any]) -> dict[str, float]:
    """The weights by node, each level brought to 100 per cent in the proportions that it has."""
    weights: dict[str, float] = {}

    def level(siblings: list[dict[str, Any]]) -> None:
        given = [
            each["weight"] if isinstance(each["weight"], float) and each["weight"] > 0 else 0.0 for each in siblings
        ]
        total = sum(given)
        rounded = [round(each / total, 4) if total else round(1 / len(siblings), 4) for each in given]
        if rounded:
            rounded[-1] = round(1 - sum(rounded[:-1]), 4)
        for each, weight in zip(siblings, rounded, strict=True):
            weights[each["id"]] = weight
            level(each.get("children", []))

    level(document["indicators"]["children"])
    return weights


def per_cent(weight: float) -> str:
    return f"{weight * 100:.6g}"


def _rows(survey: SurveyDefinition, form: FormData | None) -> Iterator[Row]:
    if survey.indicators is None:
        return
    for path, whole, node in survey.indicators.nodes():
        yield Row(
            id=node.id,
            depth=path.count("/"),
            titles={
                language: text_in(form, f"title-{node.id}-{language}") if form else node.title.get(language, "")
                for language in survey.languages
            },
            weight=text_in(form, f"weight-{node.id}") if form else per_cent(node.weight),
            whole=None if form else whole,
            question=text_in(form, f"question-{node.id}") if form else node.question or "",
            is_leaf=node.is_leaf,
            is_removed=bool(form and text_in(form, f"remove-{node.id}")),
        )


def _node(
    survey: SurveyDefinition, node: Indicator, form: FormData, scales: Mapping[str, dict[str, int]]
) -> dict[str, Any] | None:
    if text_in(form, f"remove-{node.id}"):
        return None
    children = [_node(survey, child, form, scales) for child in node.children]
    made = _made(survey, node.id, node.id, form, scales, is_leaf=node.is_leaf)
    kept = [child for child in children if child is not None]
    return made | ({"children": kept} if kept else {})


def _added(survey: SurveyDefinition, form: FormData, scales: Mapping[str, dict[str, int]]) -> dict[str, Any] | None:
    name = text_in(form, "id-new")
    return _made(survey, name, NEW, form, scales, is_leaf=True) if name else None


def _made(
    survey: SurveyDefinition,
    node: str,
    row: str,
    form: FormData,
    scales: Mapping[str, dict[str, int]],
    *,
    is_leaf: bool,
) -> dict[str, Any]:
    titles = {language: text_in(form, f"title-{row}-{language}") for language in survey.languages}
    question = text_in(form, f"question-{row}") if is_leaf else ""
    measured = {"question": question} | ({"scale": scales[question]} if question in scales else {}) if question else {}
    named = {language: title for language, title in titles.items() if title}
    return {"id": node, "title": named, "weight": _share(text_in(form, f"weight-{row}"))} | measured


def _with_new(children: list[dict[str, Any]], added: dict[str, Any] | None, parent: str) -> list[dict[str, Any]]:
    if added is None:
        return children
    if not parent:
        return [*children, added]
    for child in children:
        below = child.get("children", [])
        if child["id"] == parent:
            child.pop("question", None)
            child.pop("scale", None)
            child["children"] = [*below, added]
        elif below:
            child["children"] = _with_new(below, added, parent)
    return children


def _share(text: str) -> float | str:
    """Per cent as a share; what is no number goes as it is, to be refused by name."""
    try:
        return round(float(text.replace("%", "").replace("，", ".").replace(",", ".").strip()) / 100, 12)
    except ValueError:
        return text
