"""Forms of pages that are no command of a case: a body checked by the API's own model, what is wrong by field, and what
is shown only once."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from domain.privacy import Language
from starter.api.entry import once_for
from starter.console.entry import Visit
from starter.console.faults import in_words
from starter.console.rendering import show
from starter.keys import KEY_LENGTH
from starter.pages.entry import text_in
from starter.problems import Problem, field_errors, invalid
from starter.repetitions import open_answer, seal_answer, stored
from starter.services import Services
from storage.idempotency import StoredAnswer

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was refused: by the first step of where it is, and what is wrong with the whole."""

    by: Mapping[str, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    status: int = 200
    at: Mapping[str, str] = field(default_factory=dict)
    """The same by the whole pointer."""

    def __bool__(self) -> bool:
        return bool(self.by or self.whole)

    def get(self, name: str) -> str:
        return self.by.get(name, "")

    def beyond(self, *names: str) -> tuple[str, ...]:
        """What belongs to none of these fields."""
        return (*self.whole, *(text for name, text in self.by.items() if name not in names))


FINE = Wrong()


def wrong(problem: Problem, language: Language) -> Wrong:
    """What a form shows of a problem; one that no form can mend is raised again."""
    if problem.status not in {409, 412, 422, 503}:
        raise problem
    errors, whole = in_words(problem, language)
    by: dict[str, str] = {}
    for pointer, message in errors.items():
        by.setdefault(pointer.strip("/").partition("/")[0], message)
    return Wrong(by, tuple(whole), problem.status, errors)


def checked(model: type[Model], values: Mapping[str, Any]) -> Model:
    """The body that the API would read. Raises `Problem` 422."""
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None


def key_of(services: Services, place: str) -> str:
    """The hidden key of a form that is shown now."""
    return services.keys.form(place, datetime.now(UTC))


async def once(
    request: Request,
    services: Services,
    visit: Visit,
    form: FormData,
    make: Callable[[], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    """What is made once for the key of a form; sent again, the same answer, which is kept sealed."""
    key = text_in(form, "key")[:KEY_LENGTH]
    said = json.dumps(sorted((name, str(value)) for name, value in form.multi_items() if name != "csrf"))
    again = once_for(request, visit.person, services, key, said.encode()) if key else None
    keys = services.parts.keys

    async def sealed() -> StoredAnswer:
        return seal_answer(keys, stored(await make()))

    kept, _ = await services.repetitions.once(again, sealed)
    answer: dict[str, Any] = json.loads(open_answer(keys, kept).body)
    return answer


def show_once(request: Request, visit: Visit, kind: str, secret: str, *, whose: str, back: str) -> Response:
    """The page with what is shown this once: a password, a token, the secret of a webhook."""
    return show(request, "shown_once.html.jinja", visit, kind=kind, secret=secret, whose=whose, back=back)
