"""Examples of what is sent about improvements, incidents, analyses and studies; the tests send every one of them."""

from starter.api.examples import Examples

_SOMEBODY = "per_0123456789abcdef0123456789abcdef"


def _one(**body: object) -> Examples:
    return {"example": {"value": body}}


FORMS: dict[str, Examples] = {
    "improvement": _one(
        title="Check meters each spring",
        description="Readings drift after frost.",
        target={"category": "billing_meter"},
        partner="city_fitters",
    ),
    "incident": _one(
        title="东区停气",
        target={"category": "supply_interruption", "region": "east"},
        since="2026-03-01T08:00:00+08:00",
    ),
    "analysis": _one(first="2026-02-01", last="2026-02-28", group_by=["category", "partner"]),
    "defection": _one(title="Who left in the year", size=12),
}

COMMANDS: dict[str, Examples] = {
    "improvement.approve": _one(owner=_SOMEBODY, due_at="2027-03-31T18:00:00+08:00", window_days=28),
    "improvement.reject": _one(reason="It would cost more than it saves."),
    "improvement.start": _one(),
    "improvement.reassign": _one(owner=_SOMEBODY),
    "improvement.extend": _one(until="2027-04-30T18:00:00+08:00", reason="The parts are late."),
    "improvement.reply": _one(text="Half of the meters are checked."),
    "improvement.report_done": _one(text="All meters are checked."),
    "improvement.cancel": _one(reason="The meters are replaced instead."),
    "incident.confirm": _one(since="2026-03-01T07:30:00+08:00"),
    "incident.link_more": _one(),
    "incident.dismiss": _one(reason="Three cases of three causes."),
    "incident.answer": _one(text="A main broke at the east gate; it was mended on 2 March."),
    "incident.close": _one(reason="Nothing has come for a week."),
    "analysis.sign_off": _one(
        measures=[{"title": "Explain estimated bills", "target": {"category": "billing_amount"}}]
    ),
    "analysis.cancel": _one(reason="The wrong month."),
    "defection.assign": _one(number=1, manager=_SOMEBODY),
    "defection.record_interview": _one(
        number=1, cause="price", cause_kind="failure", notes="Twice billed too much, and nobody called back."
    ),
    "defection.no_interview": _one(number=2, reason="Does not answer."),
    "defection.regroup": _one(names=[{"cause": "price", "becomes": "billing"}]),
    "defection.cancel": _one(reason="Too few have left."),
    "retry_step": _one(step="compute_analysis.1"),
}
