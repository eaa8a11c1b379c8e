"""The business calendar of a complaint department: what is open when, and when a span of time or days runs out.

    opening_hours → snapshot (the stored document) ← public_holidays (making one), comparison (what changed)
    local_time → timetable (the document laid out for look-up)
    spans, holds → time_counting, day_counting → arithmetic → due (the reasons) → explanation (the reasons in words)

Pure: no clock, no files but the zone database, nothing random. The clocks of a complaint (kinds, anchors, what happens
on breach) are not here; this package only answers questions about time.
"""

from domain.calendar.arithmetic import due, due_with_holds, elapsed, is_open, next_opening, working_days_between
from domain.calendar.comparison import CalendarDifference, DayChange, FieldChange, diff
from domain.calendar.due_time import Due, Reason, TrailDay
from domain.calendar.explanation import explain, wording_of
from domain.calendar.holds import Interval
from domain.calendar.opening_hours import Week, Weekday, Window
from domain.calendar.public_holidays import make_calendar
from domain.calendar.refusal import CalendarError, Problem
from domain.calendar.snapshot import Calendar, ChangedDay, ClosedDay, DayKind, DayName, DayPlan, OpenDay, read_calendar
from domain.calendar.spans import CountsAs, Span, Unit

__all__ = [
    "Calendar",
    "CalendarDifference",
    "CalendarError",
    "ChangedDay",
    "ClosedDay",
    "CountsAs",
    "DayChange",
    "DayKind",
    "DayName",
    "DayPlan",
    "Due",
    "FieldChange",
    "Interval",
    "OpenDay",
    "Problem",
    "Reason",
    "Span",
    "TrailDay",
    "Unit",
    "Week",
    "Weekday",
    "Window",
    "diff",
    "due",
    "due_with_holds",
    "elapsed",
    "explain",
    "is_open",
    "make_calendar",
    "next_opening",
    "read_calendar",
    "wording_of",
    "working_days_between",
]
