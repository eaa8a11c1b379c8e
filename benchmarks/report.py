"""A report of twelve sections, evaluated and laid out: seconds for each format, the first PDF with its fonts to load.

Run: python -m benchmarks.report
"""

from time import perf_counter

import numpy as np

from documents.rendering import ReportFormat, render
from domain.surveys.path_model.library import named_model
from domain.surveys.report.document import Report
from domain.surveys.report.evaluation import evaluate
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.subject import Subject
from domain.surveys.report.wording import ReportLanguage
from domain.surveys.report.writing import write_report
from domain.surveys.shipped import named_add_on, named_survey
from domain.surveys.variance.design import StageColumns, SurveyDesign

RESPONDENTS, REPLICATES, SECTIONS = 1_000, 1_000, 12
PDF_LIMIT_SECONDS = 2.0


def main() -> None:
    subject = Subject.of(named_survey("gas_utility").with_add_on(named_add_on("nps")), named_model("ecsi"))
    responses = drawn_responses(subject)
    begin = perf_counter()
    report = written(subject, responses)
    sections = len(report.sections)
    print(f"{RESPONDENTS:,} respondents, tree and path model, {REPLICATES:,} replicates, {sections} sections")
    print(f"  evaluated and worded {perf_counter() - begin:8.3f} s")
    if sections != SECTIONS:
        raise SystemExit(f"{SECTIONS} sections are to be measured")
    first = seconds_to_render(report, ReportFormat.PDF, ReportLanguage.CHINESE)
    print(f"  first PDF, Chinese   {first:8.3f} s   (limit {PDF_LIMIT_SECONDS} s)")
    for kind in ReportFormat:
        for language in ReportLanguage:
            taken = min(seconds_to_render(report, kind, language) for _ in range(5))
            print(f"  {kind:<5} {language}             {taken:8.3f} s")
    if first > PDF_LIMIT_SECONDS:
        raise SystemExit("slower than its limit")


def written(subject: Subject, responses: Responses) -> Report:
    evaluation = evaluate(subject, responses, replicates=REPLICATES, seed=1)
    return write_report(evaluation, inputs={"drawn": "0" * 64}, definitions={"both": "0" * 64}, program="benchmark")


def drawn_responses(subject: Subject) -> Responses:
    """Respondents whose answers all follow one mood, in three districts."""
    generator = np.random.default_rng(1)
    mood = generator.normal(size=RESPONDENTS)
    scales = subject.ratings() | {name: rating.scale for name, rating in subject.standing_beside().items()}
    codes = {}
    for name, scale in scales.items():
        span = scale.maximum - scale.minimum
        drawn = scale.minimum + span * (0.65 + 0.15 * mood + 0.15 * generator.normal(size=RESPONDENTS))
        codes[name] = np.clip(np.round(drawn), scale.minimum, scale.maximum)
    district = np.array(["east", "north", "west"])[generator.integers(3, size=RESPONDENTS)]
    design = SurveyDesign.of(generator.uniform(0.5, 2, RESPONDENTS), (StageColumns(strata=district),))
    return Responses(codes, {"district": district}, design)


def seconds_to_render(report: Report, kind: ReportFormat, language: ReportLanguage) -> float:
    begin = perf_counter()
    render(report, kind, language)
    return perf_counter() - begin


if __name__ == "__main__":
    main()
