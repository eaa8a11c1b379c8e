"""How a policy is shown: what it is, what is promised by when, and what may stop or extend it."""

from collections.abc import Iterator

from domain.calendar import CountsAs, Span
from domain.complaints.policy import CallbackRule, ClockRule, ExtensionRule, Policy, Selection
from starter.cli.output import show_fields, show_table, stdout


def show_policy(policy: Policy) -> None:
    """All of a policy, for people."""
    show_fields(dict(_about(policy)))
    stdout.print()
    show_table(
        ("clock", "from", "within", "for", "stopped by holds", "warning (↑ escalates)", "breach"),
        map(_clock, policy.clocks),
        empty="No clocks.",
    )
    if policy.holds:
        stdout.print()
        show_table(("hold", "at most"), ((rule.kind, _in_words(rule.longest)) for rule in policy.holds), empty="")
    if policy.extensions:
        stdout.print()
        show_table(("extension of", "for", "at most", "approved"), map(_extension, policy.extensions), empty="")
    for note in policy.notes:
        stdout.print(f"\n{note}", markup=False)


def _about(policy: Policy) -> Iterator[tuple[str, str | None]]:
    yield "policy", policy.pin
    yield "zh", policy.title.zh
    yield "en", policy.title.en
    yield "jurisdiction", policy.jurisdiction
    yield "source", ", ".join(filter(None, (policy.source, policy.article)))
    yield "checked", str(policy.verified_on or "unverified")
    yield "in force", f"from {policy.valid_from}" + (f" to {policy.valid_to}" if policy.valid_to else "")
    yield "calendar", policy.calendar
    yield "reopening", _in_words(policy.reopen_window)
    yield "appeal", _in_words(policy.appeal_window)
    yield "second stage", "yes" if policy.stage_two else "no"
    yield "emergency", f"escalates to level {policy.emergency_level}"
    yield "told at intake", ", ".join(policy.told_at_intake)
    yield "callback", _callback(policy.callback)
    yield "separated duties", policy.separation_of_duties


def _clock(rule: ClockRule) -> tuple[str, ...]:
    return (
        rule.kind,
        rule.anchor,
        _in_words(rule.span),
        _narrowed(rule.categories, rule.severity_from),
        ", ".join(rule.paused_by),
        ", ".join(f"{warning.percent} %{' ↑' if warning.escalates else ''}" for warning in rule.warnings),
        _on_breach(rule),
    )


def _extension(rule: ExtensionRule) -> tuple[str, ...]:
    clock = f"{rule.kind} from {rule.anchor}" if rule.anchor else rule.kind
    return (
        clock,
        _narrowed(rule.categories, 1),
        _in_words(rule.longest),
        "by a supervisor" if rule.needs_approval else "",
    )


def _narrowed(categories: tuple[str, ...], severity_from: int) -> str:
    severity = f"severity {severity_from} and above" if severity_from > 1 else ""
    return ", ".join(filter(None, (*categories, severity)))


def _on_breach(rule: ClockRule) -> str:
    penalty = rule.on_breach.penalty
    owed = f"{penalty.currency} {penalty.amount} owed" if penalty else ""
    return ", ".join(filter(None, ("escalates" if rule.on_breach.escalates else "", owed)))


def _callback(rule: CallbackRule) -> str:
    match rule.select:
        case Selection.NONE:
            return "none"
        case Selection.SAMPLE:
            whom = f"{rule.share:.0%} of the answered"
        case Selection.ALL:
            whom = "all answered"
    another = ", by another person than the handler" if rule.by_another else ""
    return f"{whom}, at most {rule.attempts} attempts, another way after {rule.other_way_after}{another}"


def _in_words(span: Span) -> str:
    rule = " from the next working day" if span.counts_as is CountsAs.NEXT_WORKING_DAY else ""
    return f"{span.amount} {span.unit.replace('_', ' ')}{rule}"
