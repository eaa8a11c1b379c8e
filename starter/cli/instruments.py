"""The indicator trees and path models that a command names: shipped ones by name, others in TOML or JSON files."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel

from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.indicators import IndicatorTree
from domain.surveys.path_model.document import PathModel
from domain.surveys.path_model.library import model_names, named_model
from domain.surveys.shipped import named_survey, survey_names

Instrument: TypeAlias = IndicatorTree | PathModel | SurveyDefinition
SUFFIXES = (".toml", ".json")


def read_tree(name: str) -> IndicatorTree | SurveyDefinition:
    """The tree in a file, alone or in its survey, or that of a shipped survey; raises SurveyProblem and OSError."""
    if Path(name).suffix in SUFFIXES:
        content = _content(Path(name))
        return _survey(content) or parse_document(IndicatorTree, content)
    shipped = [each for each in survey_names() if named_survey(each).indicators is not None]
    if name not in shipped:
        raise SurveyProblem(Problem(name, f"no such tree; shipped: {', '.join(shipped)}; or a .toml or .json file"))
    return named_survey(name)


def read_model(name: str) -> PathModel | SurveyDefinition:
    """The model in a file, alone or in its survey, or a shipped one by its id; raises SurveyProblem and OSError."""
    if Path(name).suffix in SUFFIXES:
        content = _content(Path(name))
        return _survey(content) or parse_document(PathModel, content)
    if name in model_names():
        return named_model(name)
    in_surveys = {survey.model.id: survey for survey in map(named_survey, survey_names()) if survey.model is not None}
    if name not in in_surveys:
        known = ", ".join((*model_names(), *in_surveys))
        raise SurveyProblem(Problem(name, f"no such path model; shipped: {known}; or a .toml or .json file"))
    return in_surveys[name]


def digest(document: BaseModel) -> str:
    """SHA-256 of a document as JSON with sorted keys, whatever file it came from."""
    plain = json.dumps(document.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def label(document: Instrument) -> str:
    """Id, and version where it has one."""
    return f"{document.id}@{document.version}" if isinstance(document, SurveyDefinition) else document.id


def _survey(content: Any) -> SurveyDefinition | None:
    """The whole survey, if that is what the file has."""
    is_survey = isinstance(content, dict) and str(content.get("format", "")).startswith("amends-survey/")
    return parse_document(SurveyDefinition, content) if is_survey else None


def _content(file: Path) -> Any:
    text = file.read_bytes()
    try:
        return json.loads(text) if file.suffix == ".json" else tomllib.loads(text.decode())
    except ValueError as error:
        raise SurveyProblem(Problem(file.name, f"no {file.suffix[1:].upper()}: {error}")) from error
