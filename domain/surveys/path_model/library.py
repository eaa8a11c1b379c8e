"""The path models that are shipped, by name."""

import tomllib
from importlib.resources import files

from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.path_model.document import PathModel

_MODELS = files("domain.surveys.path_model") / "models"


def model_names() -> tuple[str, ...]:
    """Names of the shipped models, in alphabetical order."""
    found = (entry.name for entry in _MODELS.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def named_model(name: str) -> PathModel:
    """The shipped model of that name; raises SurveyProblem that lists the known names."""
    if name not in model_names():
        raise SurveyProblem(Problem(name, f"no such path model; known: {', '.join(model_names())}"))
    return parse_document(PathModel, tomllib.loads((_MODELS / f"{name}.toml").read_text(encoding="utf-8")))
