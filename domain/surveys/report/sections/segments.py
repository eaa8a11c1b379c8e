"""Results by group: one chart for each attribute of the respondents."""

from domain.surveys.report.cells import Number
from domain.surveys.report.charts import Bar, BarChart
from domain.surveys.report.document import Section
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.sections.pieces import bar, score_axis, warnings
from domain.surveys.report.wording import Wording, phrase
from domain.surveys.tree_index import Score


def segments(evaluation: Evaluation) -> Section:
    """Every attribute that the survey compares by."""
    charts = tuple(_chart(evaluation, name, scores) for name, scores in evaluation.segments.items())
    return Section(id="segments", title=phrase("segments.title"), blocks=charts)


def _chart(evaluation: Evaluation, attribute: str, scores: dict[str, Score]) -> BarChart:
    named = {_label(label): score for label, score in scores.items()}
    question = evaluation.subject.questions.get(attribute)
    title = Wording.verbatim(attribute) if question is None else Wording.of(question.text)
    return BarChart(
        title=phrase("segments.chart", attribute=title),
        description=phrase("segments.description", count=str(len(named))),
        category=phrase("segments.segment"),
        measure=score_axis(),
        bars=tuple(bar(label, score) for label, score in named.items()),
        reference=Bar(label=phrase("one_page.index"), value=Number.of(evaluation.index.value)),
        note=phrase("segments.note", warnings=warnings(named)),
    )


def _label(label: str) -> Wording:
    return Wording.verbatim(label) if label else phrase("segments.unnamed")
