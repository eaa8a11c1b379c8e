"""Surveys that were evaluated, for the tests of reports: the gas utility's and one by a path model."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import IntArray
from domain.surveys.path_model.document import Construct, PathModel
from domain.surveys.report.cells import said
from domain.surveys.report.document import Report, Section
from domain.surveys.report.evaluation import Circumstances, Evaluation, evaluate
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.subject import Subject
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import ReportLanguage
from domain.surveys.report.writing import write_report
from domain.surveys.shipped import named_add_on, named_survey
from domain.surveys.variance.design import SurveyDesign

LEAF_CODES = {
    "supply_pressure": 5,
    "supply_quality": 4,
    "repair_attitude_rating": 4,
    "repair_timeliness_rating": 4,
    "repair_result_rating": 4,
    "reading_attitude_rating": 5,
    "reading_accuracy_rating": 5,
    "punctual_bill_rating": 3,
}
"""The answers of the reference procedure: 89.2 on likert_x20 and 86.5 on minmax."""

GAS = Subject.of(named_survey("gas_utility"), None)
GAS_WITH_NPS = Subject.of(named_survey("gas_utility").with_add_on(named_add_on("nps")), None)


def all_alike(respondents: int, **columns: ArrayLike) -> Responses:
    """So many respondents who all gave the reference answers, with other columns of codes."""
    codes = {name: np.full(respondents, float(code)) for name, code in LEAF_CODES.items()}
    more = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
    return Responses(codes | more, {}, SurveyDesign.of(np.ones(respondents)))


def evaluated(
    subject: Subject, responses: Responses, circumstances: Circumstances | None = None, replicates: int = 0
) -> Evaluation:
    return evaluate(subject, responses, replicates=replicates, seed=1, circumstances=circumstances)


def written(evaluation: Evaluation) -> Report:
    digests = {"answers.csv": "0" * 64}
    return write_report(evaluation, inputs=digests, definitions={"gas_utility@1": "1" * 64}, program="amends 0")


def section(report: Report, name: str) -> Section:
    return next(each for each in report.sections if each.id == name)


def table(report: Report, name: str, title: str) -> Table:
    return next(each for each in section(report, name).tables() if each.title.en == title)


def grid(found: Table) -> list[list[str]]:
    """The rows as an English reader sees them."""
    return [[said(cell, ReportLanguage.ENGLISH) for cell in row.cells] for row in found.rows]


def sentences(report: Report, name: str) -> str:
    blocks = section(report, name).blocks
    return " ".join(block.text.en for block in blocks if block.kind == "paragraph")


SMALL_MODEL = PathModel(
    id="small",
    title={"zh": "小模型", "en": "Small model"},
    constructs=(
        Construct(id="quality", title={"zh": "感知质量", "en": "Quality"}, items=("q1", "q2", "q3")),
        Construct(id="value", title={"zh": "感知价值", "en": "Value"}, items=("v1", "v2"), driven_by=("quality",)),
        Construct(
            id="satisfaction",
            title={"zh": "顾客满意", "en": "Satisfaction"},
            items=("s1", "s2", "s3"),
            driven_by=("quality", "value"),
        ),
        Construct(
            id="loyalty", title={"zh": "顾客忠诚", "en": "Loyalty"}, items=("l1", "l2"), driven_by=("satisfaction",)
        ),
    ),
)


def model_answers(rows: int = 200, seed: int = 3) -> dict[str, Any]:
    """Codes of 1–10 from constructs that drive each other."""
    generator = np.random.default_rng(seed)
    quality = generator.normal(size=rows)
    value = 0.6 * quality + generator.normal(scale=0.8, size=rows)
    satisfaction = 0.4 * quality + 0.5 * value + generator.normal(scale=0.6, size=rows)
    loyalty = 0.7 * satisfaction + generator.normal(scale=0.7, size=rows)
    latent = {"q": (quality, 7.2), "v": (value, 6.4), "s": (satisfaction, 6.9), "l": (loyalty, 7.0)}
    return {
        item: np.clip(np.round(mean + 1.5 * score + generator.normal(size=rows)), 1, 10)
        for construct in SMALL_MODEL.constructs
        for item in construct.items
        for score, mean in [latent[item[0]]]
    }


def model_responses(weights: ArrayLike | None = None, rows: int = 200, repeat: int | IntArray = 1) -> Responses:
    """With weights, or with each row repeated so often."""
    codes = {item: np.repeat(column, repeat) for item, column in model_answers(rows).items()}
    count = len(next(iter(codes.values())))
    gender = np.repeat(np.where(np.arange(rows) % 2, "female", "male"), repeat)
    design = SurveyDesign.of(np.ones(count) if weights is None else weights)
    return Responses(codes, {"gender": gender}, design)
