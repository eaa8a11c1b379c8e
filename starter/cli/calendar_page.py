"""How a calendar is shown: a month as on a wall, the week's hours, and the days that differ, by name in zh or en."""

import calendar as month_days
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby

from rich.table import Table

from domain.calendar import Calendar, DayKind, DayPlan, Weekday, Window
from domain.privacy import Language
from starter.cli.output import show_table, stdout

_WEEKDAYS = {
    Language.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    Language.ZH: ("一", "二", "三", "四", "五", "六", "日"),
}
_MARKS = {DayKind.CLOSED: "×", DayKind.OPEN: "+", DayKind.CHANGED: "~"}
_NO_HOURS = "·"
_STYLES = {"×": "red", "+": "green", "~": "yellow", _NO_HOURS: "dim"}
_KINDS = {
    Language.EN: {"×": "closed", "+": "make-up day", "~": "other hours", _NO_HOURS: "no opening hours"},
    Language.ZH: {"×": "放假", "+": "调休上班", "~": "时间调整", _NO_HOURS: "不办公"},
}
_COLUMNS = {
    Language.EN: ("day", "", "what", "hours", "name"),
    Language.ZH: ("日期", "", "安排", "时间", "名称"),
}
_PROVISIONAL = {
    Language.EN: "Holidays and make-up days are known for {} to {} only; other days are provisional.",
    Language.ZH: "节假日和调休安排仅已知{}至{}；其余日期均为暂定。",
}
_NONE_DIFFERS = {Language.EN: "No day differs from the ordinary week.", Language.ZH: "没有特殊日期。"}


def days_of(month: date) -> list[date]:
    """The days of the month that the date lies in."""
    return [month.replace(day=day + 1) for day in range(month_days.monthrange(month.year, month.month)[1])]


def show_month(calendar: Calendar, month: date, language: Language) -> None:
    """The month as a grid, each day with a mark if it is not ordinary, and below it what those days are."""
    days = days_of(month)
    stdout.print(f"[bold]{_title(month, language)}[/bold]")
    grid = Table(*_WEEKDAYS[language], box=None, pad_edge=False, header_style="bold")
    for column in grid.columns:
        column.justify = "right"
    cells = [""] * days[0].weekday() + [_cell(calendar.plan(day)) for day in days]
    for monday in range(0, len(cells), 7):
        grid.add_row(*cells[monday : monday + 7])
    stdout.print(grid)
    marks = sorted({_mark(calendar.plan(day)) for day in days} - {" "}, key=list(_KINDS[language]).index)
    stdout.print("\n" + "   ".join(f"{mark} {_KINDS[language][mark]}" for mark in marks) + "\n")
    show_days(calendar, days, language)


def show_days(calendar: Calendar, days: Sequence[date], language: Language) -> None:
    """The days that differ from the ordinary week, those that follow each other and are alike in one line."""
    plans = [plan for day in days if (plan := calendar.listed_days.get(day)) is not None]
    rows = [(*_when(run, language), *_what(run[0], language)) for run in _runs(plans)]
    show_table(_COLUMNS[language], rows, empty=_NONE_DIFFERS[language])
    if days[0] < calendar.known_from or days[-1] > calendar.horizon:
        stdout.print("\n" + _PROVISIONAL[language].format(calendar.known_from, calendar.horizon))


def show_week(calendar: Calendar, language: Language) -> None:
    names = zip(_WEEKDAYS[language], Weekday, strict=True)
    for name, weekday in names:
        stdout.print(f"  {name}  {hours(calendar.week.windows(weekday)) or _KINDS[language][_NO_HOURS]}")


def hours(windows: Sequence[Window]) -> str:
    return "  ".join(map(str, windows))


def _title(month: date, language: Language) -> str:
    return f"{month.year}年{month.month}月" if language is Language.ZH else f"{month:%B %Y}"


def _mark(plan: DayPlan) -> str:
    return _MARKS.get(plan.kind) or (" " if plan.windows else _NO_HOURS)


def _cell(plan: DayPlan) -> str:
    mark = _mark(plan)
    style = _STYLES.get(mark, "default")
    return f"[{style}]{plan.day.day}{mark}[/{style}]"


def _runs(plans: Iterable[DayPlan]) -> list[list[DayPlan]]:
    """Days that follow each other and have kind, hours and name in common."""
    alike = groupby(
        enumerate(plans),
        key=lambda each: (each[1].day - timedelta(each[0]), each[1].kind, each[1].windows, each[1].name),
    )
    return [[plan for _, plan in run] for _, run in alike]


def _when(run: Sequence[DayPlan], language: Language) -> tuple[str, str]:
    first, last = run[0].day, run[-1].day
    names = _WEEKDAYS[language]
    if first == last:
        return f"{first}", names[first.weekday()]
    return f"{first} – {last}", f"{names[first.weekday()]}–{names[last.weekday()]}"


def _what(plan: DayPlan, language: Language) -> tuple[str, str, str]:
    return _KINDS[language][_mark(plan)], hours(plan.windows), plan.name.text(language) if plan.name else ""
