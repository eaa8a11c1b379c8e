"""The complaint handling register (顾客投诉处理登记表): the whole case on paper."""

from collections.abc import Iterator, Sequence

from domain.complaints import facts as f
from domain.complaints.clocks import Clock
from domain.complaints.forms.filling import CaseFile
from domain.complaints.forms.paper import Choice, Content, Field, Listing, Option, Room, Section, Sheet, Written
from domain.complaints.forms.wording import Words
from domain.complaints.terms import ClockState

SPARE_ROWS = 2
"""Empty rows of a list on a form that is filled in by hand."""


def sheets(words: Words, file: CaseFile | None) -> tuple[Sheet, ...]:
    """The register of a case, or an empty one."""
    register = _Register(words, file)
    sections = (
        Section(words.said("section.intake"), tuple(register.intake())),
        Section(words.said("section.customer"), tuple(register.customer())),
        Section(words.said("section.complaint"), tuple(register.complaint())),
        Section(words.said("section.validity"), tuple(register.validity())),
        Section(words.said("section.handling"), tuple(register.handling())),
        Section(words.said("section.times"), tuple(register.times())),
        Section(words.said("section.follow_up"), tuple(register.follow_up())),
    )
    signatures = tuple(words.said(f"signature.{who}") for who in ("taker", "handler", "approver"))
    return (Sheet(sections, signatures),)


class _Register:
    """The sections, each from what is known; every field is there whether it is known or not."""

    def __init__(self, words: Words, file: CaseFile | None) -> None:
        self.words = words
        self.file = file
        self.case = None if file is None else file.case
        self.given = None if file is None else file.case.intake

    def intake(self) -> Iterator[Field]:
        words, given = self.words, self.given
        yield self._short("received", words.moment(given.received_at) if given else None)
        yield self._short("taken_by", self._person(given.taken_by) if given else None)
        yield self._line("channel", words.coded_choice("channel", [given.channel if given else None]))
        yield self._short("policy", self.case.policy if self.case else None)
        yield self._short("status", words.said(f"status.{self.case.status}") if self.case else None)
        danger = Choice((Option(words.said("form.emergency"), given is not None and given.is_emergency),))
        yield self._line("emergency", danger)

    def customer(self) -> Iterator[Field]:
        words, known = self.words, self.file.identity if self.file else {}
        yield self._short("name", known.get("name"))
        yield Field(words.label("customer_kind"), words.choice("customer_kind"), Room.SHORT)
        for name in ("account", "phone", "email"):
            yield self._short(name, known.get(name))
        yield Field(
            words.label("language"), words.choice("language", self.given.language if self.given else None), Room.SHORT
        )
        yield self._line("address", Written(known.get("address", "")))
        yield self._line("preferred_contact", words.choice("contact", known.get("preferred_contact")))
        yield self._line("preferred_hours", Written(known.get("preferred_hours", "")))
        yield self._line(
            "vulnerability", words.coded_choice("vulnerability", self.given.vulnerability if self.given else ())
        )
        yield self._line("representative", Written(self._text(self.given.representative if self.given else None)))

    def complaint(self) -> Iterator[Field]:
        words, given = self.words, self.given
        for name in ("product", "service"):
            yield self._short(name, words.code(name, getattr(given, name, None)))
        yield self._short("subject_person", self._person(given.subject_person) if given else None)
        yield self._short("partner", words.code("partner", given.partner) if given else None)
        yield self._short("category", words.code("category", given.category) if given else None)
        yield self._short("region", words.code("region", given.region) if given else None)
        yield self._short("occurred_at", words.moment(given.occurred_at) if given else None)
        yield self._short("occurred_where", self._text(getattr(given, "occurred_where", None)))
        yield self._line("severity", words.choice("severity", given.severity if given else None))
        yield self._short("claimed", words.money(given.claimed) if given else None)
        yield self._short("repeat_of", given.repeat_of if given else None)
        yield self._paragraph("narrative", self._text(given.narrative if given else None))
        yield self._paragraph("demand", self._text(given.demand if given else None))
        yield self._line("evidence", Written(self._files()))

    def validity(self) -> Iterator[Field]:
        words, found = self.words, self.file.latest(f.Assessed) if self.file else None
        explained = self.file.latest(f.Explained) if self.file else None
        yield self._line("decision", words.choice("decision", found[1].decision if found else None))
        yield self._line("ground", Written(words.code("ground", found[1].ground) if found else ""))
        yield self._short("assessed_by", self._person(found[0].actor) if found else None)
        yield self._short("assessed_at", words.moment(found[0].at) if found else None)
        yield self._line("assessment_evidence", Written(self._text(found[1].evidence if found else None)))
        yield self._paragraph("explanation", self._text(explained[1].letter if explained else None))

    def handling(self) -> Iterator[Field]:
        words, case = self.words, self.case
        answered = self.file.latest(f.ResponseApproved) if self.file else None
        yield self._short("team", case.team if case else None)
        yield self._short("handler", self._person(case.handler) if case else None)
        yield self._short(
            "responsible_partner", words.listed(r.partner for r in case.partner_requests) if case else None
        )
        yield self._short("stage", words.said("form.stage").format(stage=case.stage) if case else None)
        yield self._paragraph("investigation", self._investigation())
        yield self._listing("partner_requests", ("partner", "question", "answer"), self._partner_rows())
        yield self._line("cause", words.coded_choice("cause", [case.cause if case else None]))
        yield self._line("measures", words.coded_choice("remedy", case.remedies if case else ()))
        yield self._paragraph("answer", self._text(answered[1].letter if answered else None))
        yield self._line("outcome", words.coded_choice("outcome", [case.outcome if case else None]))
        columns = ("number", "type", "amount", "state", "decided_by", "proof")
        yield self._listing("redress", columns, self._redress_rows())
        yield self._short("approval", self._person(answered[0].actor) if answered else None)
        yield self._short("responded", words.moment(case.responded_at) if case else None)
        yield self._line("closed", Written(self._end()))

    def times(self) -> Iterator[Field]:
        clocks = self.case.clocks if self.case else ()
        late = [clock for clock in clocks if clock.state is ClockState.BREACHED]
        yield self._listing("due_times", ("kind", "due", "state", "met"), [self._clock_row(clock) for clock in clocks])
        yield self._listing("overdue", ("kind", "due", "late"), [self._late_row(clock) for clock in late])
        yield self._paragraph("overdue_reason", "")
        yield self._listing("extensions", ("kind", "until", "reason", "approved_by"), self._extension_rows())
        yield self._listing("holds", ("kind", "since", "until", "reason"), self._hold_rows())
        yield self._listing("escalations", ("level", "at", "cause", "reason"), self._escalation_rows())

    def follow_up(self) -> Iterator[Field]:
        columns = ("attempt", "at", "way", "caller", "result", "solved", "satisfaction")
        yield self._listing("visits", columns, self._visit_rows())
        yield self._line("external", Written(self._external()))
        incident = self.case.incident if self.case else None
        rows = [(incident, "", "")] if incident else []
        yield self._listing("improvements", ("measure", "owner", "due"), rows, spare=1)

    # What the fields are made of

    def _investigation(self) -> str:
        """The notes, each with when and by whom."""
        notes = self.file.facts(f.Noted) if self.file else []
        said = (f"{self.words.moment(e.at)} {self._person(e.actor)}: {self._text(note.text)}" for e, note in notes)
        return "\n".join(said)

    def _partner_rows(self) -> list[tuple[str, ...]]:
        requests = self.case.partner_requests if self.case else ()
        return [(r.partner, self._text(r.question), self._text(r.answer)) for r in requests]

    def _redress_rows(self) -> list[tuple[str, ...]]:
        words = self.words
        return [
            (
                str(each.number),
                words.code("redress", each.kind),
                words.money(each.money),
                words.said(f"redress_state.{each.state}"),
                self._person(each.decided_by),
                each.proof or "",
            )
            for each in (self.case.redress if self.case else ())
        ]

    def _end(self) -> str:
        case = self.case
        if case is None or not case.has_ended:
            return ""
        merged = self.words.said("form.merged").format(other=case.merged_into) if case.merged_into else ""
        return self.words.listed(
            (
                self.words.moment(case.ended_at),
                self.words.said(f"status.{case.status}"),
                case.duplicate_of or "",
                merged,
            )
        )

    def _clock_row(self, clock: Clock) -> tuple[str, ...]:
        words = self.words
        state = words.said(f"clock_state.{clock.state}")
        return (words.said(f"clock.{clock.kind}"), words.moment(clock.due_at), state, words.moment(clock.met_at))

    def _late_row(self, clock: Clock) -> tuple[str, ...]:
        late = "" if clock.met_at is None else self.words.delay((clock.met_at - clock.due_at).total_seconds())
        return (self.words.said(f"clock.{clock.kind}"), self.words.moment(clock.due_at), late)

    def _extension_rows(self) -> list[tuple[str, ...]]:
        made = self.file.facts(f.ExtensionApproved) if self.file else []
        return [
            (
                self.words.said(f"clock.{fact.clock}"),
                self.words.moment(fact.until),
                self._text(fact.letter),
                self._person(entry.actor),
            )
            for entry, fact in made
        ]

    def _hold_rows(self) -> list[tuple[str, ...]]:
        words = self.words
        return [
            (
                words.said(f"hold.{fact.hold.kind}"),
                words.moment(fact.hold.since),
                words.moment(fact.hold.until),
                self._text(fact.hold.reason),
            )
            for _, fact in (self.file.facts(f.Held) if self.file else [])
        ]

    def _escalation_rows(self) -> list[tuple[str, ...]]:
        return [
            (str(fact.level), self.words.moment(entry.at), self._escalated_by(fact.cause), self._text(fact.reason))
            for entry, fact in (self.file.facts(f.Escalated) if self.file else [])
        ]

    def _escalated_by(self, cause: str) -> str:
        what, _, clock = cause.partition(":")
        said = self.words.said(f"escalation.{what}")
        return f"{said} ({self.words.said(f'clock.{clock}')})" if clock else said

    def _visit_rows(self) -> list[tuple[str, ...]]:
        words = self.words
        return [
            (
                str(number),
                words.moment(visit.at),
                words.said(f"way.{visit.way}"),
                self._person(visit.caller),
                words.said(f"reached.{visit.result}"),
                words.said(f"solved.{visit.solved}") if visit.solved else "",
                words.said(f"satisfaction.{visit.satisfaction}") if visit.satisfaction else "",
            )
            for number, (_, fact) in enumerate(self.file.facts(f.Visited) if self.file else [], start=1)
            for visit in [fact.visit]
        ]

    def _external(self) -> str:
        words, case = self.words, self.case
        if case is None or self.file is None or case.referred_to is None:
            return ""
        outcome = self.file.latest(f.ExternalOutcome)
        decided = words.said(f"external_decision.{outcome[1].decision}") if outcome else ""
        return words.listed((words.code("body", case.referred_to), decided))

    def _files(self) -> str:
        count = len(self.case.files) if self.case else 0
        return self.words.said("form.files").format(count=count) if count else ""

    # The shapes of fields

    def _text(self, item: str | None) -> str:
        return self.file.text(item) if self.file else ""

    def _person(self, person: str | None) -> str:
        return self.file.person(person) if self.file else ""

    def _short(self, name: str, text: str | None) -> Field:
        return Field(self.words.label(name), Written(text or ""), Room.SHORT)

    def _line(self, name: str, content: Content) -> Field:
        return Field(self.words.label(name), content)

    def _paragraph(self, name: str, text: str) -> Field:
        return Field(self.words.label(name), Written(text), Room.PARAGRAPH)

    def _listing(
        self, name: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], spare: int | None = None
    ) -> Field:
        empty = (SPARE_ROWS if self.file is None else int(not rows)) if spare is None else spare
        headed = tuple(self.words.said(f"column.{column}") for column in columns)
        return Field(self.words.label(name), Listing(headed, tuple(rows), empty))
