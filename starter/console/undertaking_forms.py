"""The forms of improvements, incidents and analyses, made from the models of the API's bodies."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import FormData

from domain.access import may
from starter.console.command_forms import codes
from starter.console.fields import Field, Option, fields_of_model
from starter.console.wording import Speech
from starter.pages.entry import text_in
from starter.services import Services
from starter.undertakings import AnalysisForm, ImprovementForm, IncidentForm, body_of

MEASURES = 4
"""How many measures a sign-off can accept in one go; more are proposed as improvements of their own."""
FORMS: dict[str, type[BaseModel]] = {
    "improvement": ImprovementForm,
    "incident": IncidentForm,
    "analysis": AnalysisForm,
}
_LONG = frozenset({"description", "reason", "text"})
_MOST_PEOPLE = 500


async def form_to_open(services: Services, kind: str, say: Speech) -> tuple[Field, ...]:
    """The empty form of a new one."""
    fields = [each for each in fields_of_model(FORMS[kind], _LONG) if each.name != "as_of"]
    return tuple([await _with_choices(services, each, say) for each in fields])


async def form_of_command(services: Services, command: str, say: Speech) -> tuple[Field, ...]:
    """The empty form of a command. Measures of a sign-off have rows of their own."""
    fields = [each for each in fields_of_model(body_of(command), _LONG) if each.name != "measures"]
    return tuple([await _with_choices(services, each, say) for each in fields])


def measures_in(form: FormData) -> list[dict[str, Any]]:
    """The measures that were filled in: a title, which complaints it is about, the partner who carries it out."""
    measures = []
    for number in range(1, MEASURES + 1):
        given = {name: text_in(form, f"measure-{number}-{name}").strip() for name in ("title", "category", "partner")}
        if not any(given.values()):
            continue
        measure: dict[str, Any] = {"title": given["title"]} if given["title"] else {}
        measure |= {"target": {"category": given["category"]}} if given["category"] else {}
        measure |= {"partner": given["partner"]} if given["partner"] else {}
        measures.append(measure)
    return measures


async def _with_choices(services: Services, empty: Field, say: Speech) -> Field:
    match empty.name:
        case "owner":
            return replace(empty, kind="choice", options=tuple(await _owners(services)))
        case "target.category":
            return replace(empty, kind="choice", options=codes(services, "category", say))
        case "group_by":
            names = ("category", "product", "region", "partner")
            said = say.words["undertakings"]["dimensions"]
            return replace(empty, is_required=False, options=tuple((name, said[name]) for name in names))
        case _:
            return empty


async def _owners(services: Services) -> Iterable[Option]:
    """Who may carry out a measure."""
    everybody = await services.parts.people.page("", _MOST_PEOPLE)
    owners = [each for each in everybody if may(each, "improvement.report_done") and not each.id.startswith("sys")]
    return [(each.id, each.name) for each in sorted(owners, key=lambda each: each.name)]
