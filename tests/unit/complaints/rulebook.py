"""The policies and calendars of the tests: a plain one whose due times are easy to count, and one with everything.

The office works Monday to Friday from 9 to 17 and is closed on Monday, 9 March 2026. A case received on Monday, 2 March
has the working days 3, 4, 5, 6, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23 … before it.
"""

import tomllib
from datetime import date

from domain.calendar import Calendar, ClosedDay, DayName, Span, Week, Window
from domain.complaints import shipped
from domain.complaints.policy import Policy
from domain.complaints.terms import Way

NINE_TO_FIVE = (Window(opens="09:00", closes="17:00"),)
OFFICE_WEEK = Week(**dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), NINE_TO_FIVE))
EVERY_DAY = shipped.every_day("UTC")
OFFICE = Calendar(
    id="office",
    version=3,
    title="Monday to Friday, nine to five",
    zone="UTC",
    week=OFFICE_WEEK,
    known_from=date(2026, 1, 1),
    horizon=date(2026, 12, 31),
    closed=(ClosedDay(day=date(2026, 3, 9), name=DayName(zh="司庆日", en="founders' day")),),
)
BRIDGE_DAY = ClosedDay(day=date(2026, 3, 10), name=DayName(zh="调休", en="bridge day"))
NEWER_OFFICE = OFFICE.model_copy(update={"version": 4, "closed": (*OFFICE.closed, BRIDGE_DAY)})
IN_TOKYO = EVERY_DAY.model_copy(update={"version": EVERY_DAY.version + 1, "zone": "Asia/Tokyo"})
NEWER = {calendar.pin: calendar for calendar in (NEWER_OFFICE, IN_TOKYO)}
"""Versions that are set later: the office is closed on Tuesday, 10 March too; days end nine hours earlier."""

PLAIN = Policy.model_validate(
    tomllib.loads("""
        id = "test-plain"
        version = 1
        jurisdiction = "none"
        source = "for tests: two clocks in calendar days, and leave for everything else"
        valid_from = 2020-01-01
        calendar = "every-day"
        stage_two = true
        told_at_intake = ["phone", "visit"]
        reopen_window = { amount = 30, unit = "calendar_days" }
        appeal_window = { amount = 30, unit = "calendar_days" }
        title = { zh = "简单规则", en = "Plain" }
        clocks = [
            { kind = "acknowledge", anchor = "received", span = { amount = 1, unit = "calendar_days" } },
            { kind = "final_response", anchor = "received", span = { amount = 15, unit = "calendar_days" } },
            { kind = "final_response", anchor = "reopened", span = { amount = 15, unit = "calendar_days" } },
            { kind = "final_response", anchor = "stage_two", span = { amount = 15, unit = "calendar_days" } },
        ]
        holds = [{ kind = "customer", longest = { amount = 10, unit = "calendar_days" } }]
        extensions = [
            { kind = "final_response", longest = { amount = 10, unit = "calendar_days" }, needs_approval = true },
        ]
    """)
)

RICH = Policy.model_validate(
    tomllib.loads("""
        id = "test-rich"
        version = 2
        jurisdiction = "none"
        source = "for tests: every clock, hold and consequence there is"
        valid_from = 2020-01-01
        calendar = "office"
        stage_two = true
        emergency_level = 4
        told_at_intake = ["phone", "visit"]
        reopen_window = { amount = 20, unit = "working_days" }
        appeal_window = { amount = 10, unit = "working_days" }
        title = { zh = "完整规则", en = "Rich" }

        [callback]
        select = "all"
        attempts = 3
        other_way_after = 2

        [[clocks]]
        kind = "acknowledge"
        anchor = "received"
        span = { amount = 1, unit = "working_days" }

        [[clocks]]
        kind = "first_response"
        anchor = "received"
        span = { amount = 24, unit = "elapsed_hours" }

        [[clocks]]
        kind = "assess"
        anchor = "received"
        span = { amount = 2, unit = "working_days" }

        [[clocks]]
        kind = "explain"
        anchor = "assessed_invalid"
        span = { amount = 2, unit = "working_days" }

        [[clocks]]
        kind = "final_response"
        anchor = "received"
        span = { amount = 5, unit = "working_days" }
        paused_by = ["customer", "evidence"]
        warnings = [{ percent = 50 }, { percent = 80, escalates = true }]
        on_breach = { escalates = true, penalty = { amount = "40.00", currency = "GBP" } }

        [[clocks]]
        kind = "final_response"
        anchor = "reopened"
        span = { amount = 5, unit = "working_days" }
        paused_by = ["customer", "evidence"]
        on_breach = { escalates = true }

        [[clocks]]
        kind = "final_response"
        anchor = "stage_two"
        span = { amount = 10, unit = "working_days" }
        paused_by = ["customer", "evidence"]
        on_breach = { escalates = true }

        [[clocks]]
        kind = "periodic_update"
        anchor = "received"
        span = { amount = 7, unit = "calendar_days" }
        paused_by = ["customer"]

        [[clocks]]
        kind = "periodic_update"
        anchor = "previous_update"
        span = { amount = 7, unit = "calendar_days" }
        paused_by = ["customer"]

        [[clocks]]
        kind = "partner_reply"
        anchor = "sent_to_partner"
        span = { amount = 2, unit = "working_days" }
        on_breach = { escalates = true }

        [[clocks]]
        kind = "callback"
        anchor = "responded"
        span = { amount = 3, unit = "working_days" }
        on_breach = { escalates = true }

        [[clocks]]
        kind = "redress_paid"
        anchor = "consent"
        span = { amount = 10, unit = "working_days" }
        paused_by = ["evidence"]
        on_breach = { escalates = true }

        [[clocks]]
        kind = "penalty_paid"
        anchor = "breach"
        span = { amount = 10, unit = "working_days" }
        on_breach = { escalates = true, penalty = { amount = "40.00", currency = "GBP" } }

        [[holds]]
        kind = "customer"
        longest = { amount = 20, unit = "calendar_days" }

        [[holds]]
        kind = "evidence"
        longest = { amount = 10, unit = "calendar_days" }

        [[holds]]
        kind = "legal"
        longest = { amount = 90, unit = "calendar_days" }

        [[extensions]]
        kind = "final_response"
        anchor = "stage_two"
        longest = { amount = 20, unit = "working_days" }

        [[extensions]]
        kind = "final_response"
        longest = { amount = 10, unit = "working_days" }
        needs_approval = true

        [[extensions]]
        kind = "explain"
        longest = { amount = 3, unit = "working_days" }
    """)
)

SECONDS = Policy.model_validate(
    tomllib.loads("""
        id = "test-seconds"
        version = 1
        jurisdiction = "none"
        source = "for tests: what is over in a minute"
        valid_from = 2020-01-01
        calendar = "every-day"
        reopen_window = { amount = 1, unit = "calendar_days" }
        appeal_window = { amount = 1, unit = "calendar_days" }
        title = { zh = "以秒计", en = "Seconds" }
        clocks = [
            { kind = "acknowledge", anchor = "received", span = { amount = 20, unit = "seconds" } },
            { kind = "final_response", anchor = "received", span = { amount = 60, unit = "seconds" } },
        ]
    """)
)
DISPATCH = PLAIN.model_copy(
    update={
        "id": "test-dispatch",
        "automatic_ways": (Way.EMAIL, Way.SMS),
        "other_ways": (Way.SMS, Way.POST),
        "tell_staff_of_escalations": True,
        "holds": tuple(
            rule.model_copy(update={"remind_after": Span(amount=2, unit="calendar_days")}) for rule in PLAIN.holds
        ),
    }
)
"""The plain one with messages by every way: reminders, notices to staff, another way where one does not work."""
CALENDARS = {calendar.id: calendar for calendar in (EVERY_DAY, OFFICE)}
RULEBOOK = {policy.pin: (policy, CALENDARS[policy.calendar]) for policy in (PLAIN, RICH, SECONDS, DISPATCH)}
