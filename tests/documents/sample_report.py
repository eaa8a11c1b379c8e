"""A report with one block of every kind and with texts that mean something to HTML, typst and spreadsheets."""

from domain.surveys.report.cells import Number, Percent, Text
from domain.surveys.report.charts import (
    Axis,
    Bar,
    BarChart,
    FunnelChart,
    LineChart,
    LinePoint,
    Mark,
    Quadrants,
    ScatterChart,
    ScatterPoint,
    Stage,
)
from domain.surveys.report.document import KeyFigure, KeyFigures, Paragraph, Provenance, Report, Section
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import Wording

FORMULA = '=HYPERLINK("http://evil.example")'
MARKUP = '<script>alert(1)</script> #eval("1") $x$ *b* _i_ @ref'


def both(zh: str, en: str) -> Wording:
    return Wording(zh=zh, en=en)


def points(value: float) -> Number:
    return Number(value=value, decimals=1)


SCORES = Axis(title=both("得分", "Score"), minimum=0, maximum=100)

FIGURES = KeyFigures(
    figures=(
        KeyFigure(label=both("满意度指数", "Index"), figure=points(74.06), note=both("区间", "72.0 to 76.1")),
        KeyFigure(label=both("变化", "Change"), figure=Number(value=-1.24, decimals=1, signed=True)),
        KeyFigure(label=both("回收率", "Response rate"), figure=Percent(value=0.30249, decimals=1)),
        KeyFigure(label=both("有效问卷", "Respondents"), figure=Number.count(1604)),
    )
)

TABLE = Table(
    title=both("分层结果", "Results by level"),
    columns=(both("指标", "Indicator"), both("权重", "Weight"), both("得分", "Score"), both("得分", "Score")),
    rows=(
        Row(
            cells=(Text(text=both("供气", "Gas supply")), Percent(value=0.7, decimals=1), points(83.25), points(-0.04))
        ),
        Row(cells=(Text.verbatim(FORMULA), Percent(value=0.123456, decimals=1), None, points(9999.99)), level=1),
        Row(cells=(Text.verbatim(MARKUP), None, points(12.0), Text.verbatim("@SUM(A1)")), level=2),
    ),
    note=both("少于 5 人的不显示。", "Figures from fewer than 5 are withheld."),
)

BARS = BarChart(
    title=both("各指标得分", "Scores of the indicators"),
    description=both("三个横条。", "Three bars."),
    category=both("指标", "Indicator"),
    measure=SCORES,
    bars=(
        Bar(label=both("供气压力", "Pressure"), value=points(80), low=points(75), high=points(85)),
        Bar(label=both("燃气质量", "Quality"), value=points(40), low=points(30), high=points(50)),
        Bar(label=both("维修", "Repairs"), value=None),
    ),
    reference=Bar(label=both("指数", "Index"), value=points(74.06)),
)

LINE = LineChart(
    title=both("忠诚曲线", "Loyalty curve"),
    description=both("上升的线。", "A rising line."),
    over=Axis(title=both("满意度", "Satisfaction"), minimum=0, maximum=100),
    measure=Axis(title=both("忠诚度", "Loyalty"), minimum=0, maximum=100),
    points=tuple(
        LinePoint(x=points(x), value=points(y), low=points(y - 5), high=points(y + 5))
        for x, y in ((0.0, 10.0), (50.0, 30.0), (100.0, 90.0))
    ),
    marks=(Mark(label=both("拐点", "Knee"), x=points(50)),),
)

SCATTER = ScatterChart(
    title=both("重要性与表现", "Importance and performance"),
    description=both("两个点。", "Two dots."),
    category=both("指标", "Indicator"),
    x=SCORES,
    y=Axis(title=both("重要性", "Importance")),
    points=(
        ScatterPoint(label=both("形象", "Image"), x=points(72.4), y=Number(value=0.49, decimals=3)),
        ScatterPoint(label=both("价值", "Value"), x=points(62), y=Number(value=0.59, decimals=3)),
    ),
    quadrants=Quadrants(
        x=points(70),
        y=Number(value=0.5, decimals=3),
        top_left=both("优先改进", "Work on this"),
        top_right=both("继续保持", "Keep up"),
        bottom_left=both("次要", "Low priority"),
        bottom_right=both("无需加强", "Enough"),
    ),
)

FUNNEL = FunnelChart(
    title=both("回收", "From invitation to answer"),
    description=both("三级漏斗。", "Three stages."),
    stages=(
        Stage.of(both("抽取", "Drawn"), 2000, 2000),
        Stage.of(both("打开", "Opened"), 910, 2000),
        Stage.of(both("完成", "Completed"), 604, 2000),
    ),
)


def sample_report() -> Report:
    opening = Paragraph(text=both("顾客给出 74.1 分。", f"Customers say 74.1. {MARKUP}"))
    return Report(
        id="sample",
        title=both("燃气用户满意度报告", "Satisfaction of gas customers"),
        subtitle=both("有效问卷 1,604 份", "1,604 respondents"),
        provenance=Provenance(
            inputs={"answers.csv": "0" * 64},
            definitions={"gas_utility@1": "1" * 64},
            method="weighted_tree",
            confidence=0.95,
            seed=1,
            replicates=1000,
            program="amends 0.1.0",
        ),
        sections=(
            Section(id="one_page", title=both("一页摘要", "One page: [all]"), blocks=(FIGURES, opening, TABLE)),
            Section(id="charts", title=both("图表", "Charts"), blocks=(BARS, LINE, SCATTER, FUNNEL)),
            Section(id="standing", title=both("柱形", "Bars"), blocks=(BARS.model_copy(update={"lying": False}),)),
        ),
    )
