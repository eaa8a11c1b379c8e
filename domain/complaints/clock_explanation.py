"""The answer to "why this time?" for a clock of a case: how it was counted, and what became of it.

The counting is told by `domain.calendar`; this adds which promise it is, extensions, pauses and the outcome.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol
from zoneinfo import ZoneInfo

from domain.calendar import Calendar, Due, explain, wording_of
from domain.complaints.calendar_upkeep import moved
from domain.complaints.clocks import Clock
from domain.complaints.policy import Anchor
from domain.complaints.terms import ClockKind, ClockState
from domain.privacy import Language


@dataclass(frozen=True, slots=True)
class ClockExplanation:
    """How a due time came about: its count in the calendar that the clock pinned, and the whole in sentences."""

    due: Due
    sentences: tuple[str, ...]
    text: str


def explain_clock(clock: Clock, calendar: Calendar, language: Language) -> ClockExplanation:
    """Why the clock is due when it is, and what became of it. The calendar is the version that it pinned."""
    due, words = moved(clock, calendar), _WORDS[language]
    told = _Moments(calendar, language)
    sentences = (
        words.promise(clock.kind, clock.attempt, clock.anchor),
        explain(due, language),
        *_extension(clock, due, words, told),
        *_outcome(clock, words, told),
    )
    return ClockExplanation(due, sentences, wording_of(language).between_sentences.join(sentences))


class _Moments:
    """Moments in the words of a language, local to the calendar."""

    def __init__(self, calendar: Calendar, language: Language) -> None:
        self._zone = ZoneInfo(calendar.zone)
        self._wording = wording_of(language)

    def __call__(self, at: datetime) -> str:
        return self._wording.moment(at.astimezone(self._zone))


class _Words(Protocol):
    def promise(self, kind: ClockKind, number: int, anchor: Anchor) -> str: ...
    def extended(self, due_at: str) -> str: ...
    def recorded_as(self, due_at: str) -> str: ...
    def stands_still(self, since: str) -> str: ...
    def running(self) -> str: ...
    def kept(self, at: str) -> str: ...
    def broken(self, due_at: str) -> str: ...
    def done_late(self, at: str) -> str: ...
    def cancelled(self) -> str: ...


def _extension(clock: Clock, due: Due, words: _Words, told: _Moments) -> Iterator[str]:
    """Why the due time is not the one that was counted."""
    if clock.extended:
        yield words.extended(told(clock.due_at))
    elif clock.due_at != due.at:
        yield words.recorded_as(told(clock.due_at))


def _outcome(clock: Clock, words: _Words, told: _Moments) -> Iterator[str]:
    match clock.state:
        case ClockState.RUNNING:
            yield words.running()
        case ClockState.PAUSED if clock.paused_at is not None:
            yield words.stands_still(told(clock.paused_at))
        case ClockState.MET if clock.met_at is not None:
            yield words.kept(told(clock.met_at))
        case ClockState.BREACHED:
            yield words.broken(told(clock.due_at))
            if clock.met_at is not None:
                yield words.done_late(told(clock.met_at))
        case ClockState.CANCELLED:
            yield words.cancelled()


class _English:
    _KINDS: ClassVar = {
        ClockKind.ACKNOWLEDGE: "Acknowledgement",
        ClockKind.ASSESS: "Assessment",
        ClockKind.EXPLAIN: "Explanation why it is not taken up",
        ClockKind.FIRST_RESPONSE: "First contact",
        ClockKind.PERIODIC_UPDATE: "Progress update",
        ClockKind.FINAL_RESPONSE: "Final answer",
        ClockKind.PARTNER_REPLY: "Partner's reply",
        ClockKind.CALLBACK: "Call back",
        ClockKind.REDRESS_PAID: "Payment of the redress",
        ClockKind.PENALTY_PAID: "Payment of the penalty",
    }
    _ANCHORS: ClassVar = {
        Anchor.RECEIVED: "the receipt of the complaint",
        Anchor.ACKNOWLEDGED: "the acknowledgement",
        Anchor.ACCEPTED: "the acceptance of the complaint",
        Anchor.ASSESSED_INVALID: "the decision not to take it up",
        Anchor.RESPONDED: "the answer",
        Anchor.REOPENED: "the reopening",
        Anchor.STAGE_TWO: "the passage to stage two",
        Anchor.HELD: "the beginning of the hold",
        Anchor.SENT_TO_PARTNER: "the question to the partner",
        Anchor.CONSENT: "the approval of the redress",
        Anchor.BREACH: "the broken promise",
        Anchor.PREVIOUS_UPDATE: "the update before",
    }

    def promise(self, kind: ClockKind, number: int, anchor: Anchor) -> str:
        return f"{self._KINDS[kind]}, number {number}, promised from {self._ANCHORS[anchor]} on."

    def extended(self, due_at: str) -> str:
        return f"Extended: due {due_at} instead."

    def recorded_as(self, due_at: str) -> str:
        return f"Recorded as due {due_at}."

    def stands_still(self, since: str) -> str:
        return f"It stands still since {since}; the due time moves when it goes on."

    def running(self) -> str:
        return "It is running."

    def kept(self, at: str) -> str:
        return f"Kept on {at}."

    def broken(self, due_at: str) -> str:
        return f"Broken: it ran out on {due_at}."

    def done_late(self, at: str) -> str:
        return f"Done late, on {at}."

    def cancelled(self) -> str:
        return "Cancelled: it is not owed any more."


class _Chinese:
    _KINDS: ClassVar = {
        ClockKind.ACKNOWLEDGE: "受理告知",
        ClockKind.ASSESS: "识别",
        ClockKind.EXPLAIN: "不予受理的解释",
        ClockKind.FIRST_RESPONSE: "首次联系",
        ClockKind.PERIODIC_UPDATE: "进展告知",
        ClockKind.FINAL_RESPONSE: "处理答复",
        ClockKind.PARTNER_REPLY: "合作伙伴回复",
        ClockKind.CALLBACK: "回访",
        ClockKind.REDRESS_PAID: "赔付支付",
        ClockKind.PENALTY_PAID: "违约赔付支付",
    }
    _ANCHORS: ClassVar = {
        Anchor.RECEIVED: "收到投诉",
        Anchor.ACKNOWLEDGED: "告知受理",
        Anchor.ACCEPTED: "认定有效",
        Anchor.ASSESSED_INVALID: "认定无效",
        Anchor.RESPONDED: "答复",
        Anchor.REOPENED: "重新处理",
        Anchor.STAGE_TWO: "进入第二阶段",
        Anchor.HELD: "暂停",
        Anchor.SENT_TO_PARTNER: "转交合作伙伴",
        Anchor.CONSENT: "批准赔付",
        Anchor.BREACH: "违约",
        Anchor.PREVIOUS_UPDATE: "上次告知",
    }

    def promise(self, kind: ClockKind, number: int, anchor: Anchor) -> str:
        return f"{self._KINDS[kind]}（第{number}次），自{self._ANCHORS[anchor]}起计时。"

    def extended(self, due_at: str) -> str:
        return f"已延期：改为{due_at}到期。"

    def recorded_as(self, due_at: str) -> str:
        return f"记录的到期时间：{due_at}。"

    def stands_still(self, since: str) -> str:
        return f"自{since}起暂停计时；恢复计时后到期时间顺延。"

    def running(self) -> str:
        return "正在计时。"

    def kept(self, at: str) -> str:
        return f"已于{at}按时完成。"

    def broken(self, due_at: str) -> str:
        return f"已超时：{due_at}到期未完成。"

    def done_late(self, at: str) -> str:
        return f"已于{at}逾期完成。"

    def cancelled(self) -> str:
        return "已取消：不再需要完成。"


_WORDS: dict[Language, _Words] = {Language.EN: _English(), Language.ZH: _Chinese()}
