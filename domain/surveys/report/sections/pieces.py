"""What the sections are put together from: sentences, scores as cells, notes on small numbers, names of things."""

from collections.abc import Mapping

from domain.surveys.report.cells import Cell, Number, Percent, Text
from domain.surveys.report.charts import Axis, Bar
from domain.surveys.report.document import Paragraph
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.report.subject import Subject
from domain.surveys.report.tables import Row
from domain.surveys.report.wording import Sayable, Wording, listed, phrase
from domain.surveys.tree_index import Reliability, Score
from domain.surveys.variance.intervals import Interval

SMALLEST_P = 0.001


def paragraph(key: str, **parts: Sayable | str) -> Paragraph:
    return Paragraph(text=phrase(key, **parts))


def text(wording: Wording) -> Text:
    return Text(text=wording)


def row(*cells: Cell | None, level: int = 0) -> Row:
    return Row(cells=cells, level=level)


def points(value: float, decimals: int = 1) -> Number:
    """A figure in points."""
    return Number(value=value, decimals=decimals)


def percent(share: float, decimals: int = 1) -> Percent:
    return Percent(value=share, decimals=decimals)


def level_of_confidence(evaluation: Evaluation) -> Percent:
    return percent(evaluation.subject.options.confidence, 0)


def limits(interval: Interval | None, decimals: int = 1) -> tuple[Number | None, Number | None]:
    """Both ends as cells; empty without an interval."""
    if interval is None:
        return None, None
    return points(interval.low, decimals), points(interval.high, decimals)


def score_cells(score: Score) -> tuple[Number | None, Number | None, Number | None]:
    """Score, low and high."""
    return Number.of(score.value), *limits(score.interval)


def bar(label: Wording, score: Score) -> Bar:
    value, low, high = score_cells(score)
    return Bar(label=label, value=value, low=low, high=high)


def score_axis(key: str = "report.score") -> Axis:
    """From 0 to 100 points."""
    return Axis(title=phrase(key), minimum=0, maximum=100)


def p_value(value: float) -> Number | Text:
    """A probability to three decimals, or that it is smaller."""
    if value < SMALLEST_P:
        return text(phrase("report.less_than", limit=points(SMALLEST_P, 3)))
    return points(value, 3)


def warnings(scores: Mapping[Wording, Score]) -> Wording:
    """A note on the figures that rest on few answers, and on those withheld for too few; empty if there is none."""
    notes = [
        phrase(key, names=listed(tuple(name for name, score in scores.items() if score.reliability is kind)))
        for key, kind in (
            ("report.few_note", Reliability.FEW),
            ("report.withheld_note", Reliability.SUPPRESSED),
        )
        if any(score.reliability is kind for score in scores.values())
    ]
    return Wording(zh="".join(note.zh for note in notes), en=" ".join(note.en for note in notes))


def priority_name(subject: Subject, identifier: str) -> Wording:
    """A leaf of the tree or an item of the model, with what it belongs to."""
    return _leaf_name(subject, identifier) or _item_name(subject, identifier)


def construct_name(subject: Subject, identifier: str) -> Wording:
    constructs = subject.model.constructs if subject.model else ()
    return next(Wording.of(construct.title) for construct in constructs if construct.id == identifier)


def _leaf_name(subject: Subject, identifier: str) -> Wording | None:
    """The leaf's title, after that of the indicator above it."""
    titles = {path: Wording.of(node.title) for path, _, node in (subject.tree.nodes() if subject.tree else ())}
    for path, title in titles.items():
        above, _, name = path.rpartition("/")
        if name == identifier:
            return phrase("report.within", outer=titles[above], inner=title) if above else title
    return None


def _item_name(subject: Subject, identifier: str) -> Wording:
    for construct in subject.model.constructs if subject.model else ():
        if identifier in construct.items:
            return phrase("report.within", outer=Wording.of(construct.title), inner=subject.name_of(identifier))
    return subject.name_of(identifier)
