"""What crosses Temporal: models that say the same wherever they are built, and never who somebody is.

Modules that pass through the sandbox are not checked for determinism. A default that reads a clock or draws a number
would give another value on replay, silently.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from pydantic import BaseModel

import contracts
from contracts.cases import Message
from domain.complaints.commands import Command
from domain.privacy import Identity
from domain.surveys.waves.commands import BasicWaveCommand

NEVER_AT_DEFAULT = (date, datetime, time, UUID)


def contract_models() -> list[type[BaseModel]]:
    """The models that the contracts define."""
    modules = [
        importlib.import_module(f"contracts.{module.name}") for module in pkgutil.iter_modules(contracts.__path__)
    ]
    found = {value for module in modules for value in vars(module).values() if _is_model(value)}
    return sorted(
        (model for model in found if model.__module__.startswith("contracts.")), key=lambda model: model.__name__
    )


def crossing_models() -> list[type[BaseModel]]:
    """Those, and every model in their fields, however deep."""
    found: dict[str, type[BaseModel]] = {}
    waiting = contract_models()
    while waiting:
        model = waiting.pop()
        place = f"{model.__module__}.{model.__qualname__}"
        if place not in found:
            found[place] = model
            waiting += [part for hint in get_type_hints(model).values() for part in _models_in(hint)]
    return list(found.values())


def _models_in(hint: Any) -> Iterator[type[BaseModel]]:
    if _is_model(hint):
        yield hint
    for part in get_args(hint):
        yield from _models_in(part)


def _is_model(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel) and value is not BaseModel


MODELS = crossing_models()
FIELDS = [(f"{model.__name__}.{name}", field) for model in MODELS for name, field in model.model_fields.items()]


def test_the_walk_finds_what_is_known_to_cross() -> None:
    names = {model.__name__ for model in MODELS}
    assert {"CaseStart", "Recording", "Case", "Clock", "Step", "Entry", "Submission", "Assess", "Received"} <= names


def test_every_default_is_a_plain_constant() -> None:
    made = [name for name, field in FIELDS if field.default_factory is not None or callable(field.default)]
    moments = [name for name, field in FIELDS if isinstance(field.default, NEVER_AT_DEFAULT)]
    assert (made, moments) == ([], [])


def test_every_model_that_crosses_is_frozen() -> None:
    assert [model.__name__ for model in MODELS if not model.model_config.get("frozen")] == []


@pytest.mark.parametrize("model", contract_models(), ids=lambda model: str(model.__name__))
def test_a_message_is_read_by_a_release_that_does_not_know_all_its_fields(model: type[BaseModel]) -> None:
    assert issubclass(model, Message)
    assert model.model_config.get("extra") == "ignore"


STRICT = {"Submission", "WaveSubmission", "Items", "Money", "OnBreach", "Span"}
"""What comes from outside (bodies, policy files), and its parts: understood whole or not at all, like commands."""


def test_what_is_kept_or_passed_on_is_read_by_a_release_that_does_not_know_all_its_fields() -> None:
    strict = {model.__name__ for model in MODELS if model.model_config.get("extra") == "forbid"}
    assert strict == STRICT | {model.__name__ for model in MODELS if issubclass(model, (Command, BasicWaveCommand))}


def test_every_field_is_of_a_kind_that_comes_back_as_it_went() -> None:
    """JSON has no sets and no exact fractions; a set has no order either, and order becomes commands."""
    strange = [name for name, field in FIELDS if STRANGE & set(_leaves(field.annotation))]
    assert set(strange) == MEASURED


STRANGE = {set, frozenset, float, bytes, Decimal}
MEASURED = {
    "ClockBreached.late_seconds",
    "Money.amount",
    *(f"Result.{number}" for number in ("index", "low", "high", "response_rate", "standard_error")),
    *(f"{model}.{number}" for model in ("Check", "EffectChecked") for number in ("ratio", "low", "high")),
    *(f"SurveyEffect.{number}" for number in ("before", "after")),
    "ClassLoss.lost_share",
}
"""Numbers that nobody decides by, and an amount, which travels as text and comes back exactly."""


def _leaves(hint: Any) -> Iterator[type]:
    origin, parts = get_origin(hint), get_args(hint)
    if isinstance(origin, type):
        yield origin
    if not parts and isinstance(hint, type) and not issubclass(hint, Enum):
        yield hint
    for part in parts:
        yield from _leaves(part)


def test_no_identity_crosses() -> None:
    personal = set(Identity.model_fields) - {"language"}
    assert Identity not in MODELS
    assert [name for name, _ in FIELDS if name.partition(".")[2] in personal] == []
