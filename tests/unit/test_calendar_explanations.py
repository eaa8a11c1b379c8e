"""The answer to "why this time?" in both languages, written out by hand from the wall calendar."""

from datetime import UTC, date, datetime

import pytest

from domain.calendar import (
    Calendar,
    ClosedDay,
    CountsAs,
    DayName,
    Interval,
    OpenDay,
    Span,
    Unit,
    Week,
    Window,
    due_with_holds,
    explain,
)
from domain.privacy import Language

HALVES = (Window(opens="08:30", closes="12:00"), Window(opens="13:30", closes="17:30"))
FESTIVAL = DayName(zh="春节", en="Spring Festival")
CHINA = Calendar(
    id="office",
    version=1,
    title="Office",
    zone="Asia/Shanghai",
    week=Week(monday=HALVES, tuesday=HALVES, wednesday=HALVES, thursday=HALVES, friday=HALVES),
    known_from=date(2026, 1, 1),
    horizon=date(2026, 3, 31),
    closed=tuple(ClosedDay(day=date(2026, 2, day), name=FESTIVAL) for day in range(16, 24)),
    open_days=(OpenDay(day=date(2026, 2, 14), name=DayName(zh="调休上班", en="make-up working day"), like="monday"),),
)


def hold(first: str, last: str) -> Interval:
    """A hold between two moments in UTC; Shanghai is eight hours ahead."""
    return Interval(*(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, last)))


@pytest.mark.parametrize(
    ("start", "span", "holds", "english", "chinese"),
    [
        pytest.param(
            "2026-01-30T09:20",
            Span(amount=15, unit=Unit.WORKING_DAYS),
            [],
            "Counted from Friday 30 January 2026, 17:20 (Asia/Shanghai). That day does not count. "
            "15 working days: 2 to 27 February 2026, with Saturday 14 February 2026 (make-up working day). "
            "Not counted: Saturdays and Sundays; 15 to 23 February 2026 (Spring Festival). "
            "Due at the end of Friday 27 February 2026 (Asia/Shanghai).",
            "自2026年1月30日（星期五）17:20（Asia/Shanghai）起算。当日不计入。"
            "15个工作日：2026年2月2日至27日，含2026年2月14日（星期六）（调休上班）。"
            "不计入：星期六、星期日；2026年2月15日至23日（春节）。"
            "到期：2026年2月27日（星期五）24:00（Asia/Shanghai）。",
            id="working days over a festival",
        ),
        pytest.param(
            "2026-01-30T10:00",
            Span(amount=2, unit=Unit.CLOSE_OF_BUSINESS, counts_as=CountsAs.NEXT_WORKING_DAY),
            [hold("2026-02-03T06:00", "2026-02-04T02:00")],
            "Counted from Friday 30 January 2026, 18:00 (Asia/Shanghai). "
            "That is out of hours and counts as Monday 2 February 2026; that day does not count. "
            "2 working days, to the close of business: 4 to 5 February 2026. Not counted: on hold 3 February 2026. "
            "Due Thursday 5 February 2026, 17:30 (Asia/Shanghai).",
            "自2026年1月30日（星期五）18:00（Asia/Shanghai）起算。"
            "该时刻不在工作时间内，视为2026年2月2日（星期一）；当日不计入。"
            "2个工作日（至当日下班）：2026年2月4日至5日。不计入：暂停计时的2026年2月3日。"
            "到期：2026年2月5日（星期四）17:30（Asia/Shanghai）。",
            id="close of business, out of hours, with a hold",
        ),
        pytest.param(
            "2026-01-30T09:20",
            Span(amount=8, unit=Unit.HOURS),
            [hold("2026-02-02T02:00", "2026-02-02T03:00")],
            "Counted from Friday 30 January 2026, 17:20 (Asia/Shanghai). 8 hours of opening time: "
            "10 min on 30 January 2026, 6 h 30 min on 2 February 2026, 1 h 20 min on 3 February 2026. "
            "Not counted: Saturdays and Sundays; on hold from 2 February 2026, 10:00, to 2 February 2026, 11:00. "
            "Due Tuesday 3 February 2026, 09:50 (Asia/Shanghai).",
            "自2026年1月30日（星期五）17:20（Asia/Shanghai）起算。8小时（工作时间）："
            "2026年1月30日 10分，2026年2月2日 6小时30分，2026年2月3日 1小时20分。"
            "不计入：星期六、星期日；暂停计时的2026年2月2日10:00至2026年2月2日11:00。"
            "到期：2026年2月3日（星期二）09:50（Asia/Shanghai）。",
            id="opening hours with a hold",
        ),
        pytest.param(
            "2026-03-27T09:00",
            Span(amount=40, unit=Unit.HOURS),
            [],
            "Counted from Friday 27 March 2026, 17:00 (Asia/Shanghai). 40 hours of opening time: "
            "30 min on 27 March 2026, 37 h 30 min on 30 March to 3 April 2026, 2 h on 6 April 2026. "
            "Not counted: Saturdays and Sundays. Due Monday 6 April 2026, 10:30 (Asia/Shanghai). "
            "Provisional: holidays and make-up days are known only for 1 January to 31 March 2026.",
            "自2026年3月27日（星期五）17:00（Asia/Shanghai）起算。40小时（工作时间）："
            "2026年3月27日 30分，2026年3月30日至4月3日 37小时30分，2026年4月6日 2小时。"
            "不计入：星期六、星期日。到期：2026年4月6日（星期一）10:30（Asia/Shanghai）。"
            "暂定：节假日和调休安排仅已知2026年1月1日至3月31日。",
            id="many opening hours, past the horizon",
        ),
        pytest.param(
            "2026-02-15T01:00",
            Span(amount=24, unit=Unit.ELAPSED_HOURS),
            [],
            "Counted from Sunday 15 February 2026, 09:00 (Asia/Shanghai). "
            "24 hours round the clock, nights, weekends and holidays included. "
            "Due Monday 16 February 2026, 09:00 (Asia/Shanghai).",
            "自2026年2月15日（星期日）09:00（Asia/Shanghai）起算。24小时，昼夜连续计算，含周末和节假日。"
            "到期：2026年2月16日（星期一）09:00（Asia/Shanghai）。",
            id="round the clock",
        ),
        pytest.param(
            "2026-01-31T01:00",
            Span(amount=1, unit=Unit.MONTHS),
            [],
            "Counted from Saturday 31 January 2026, 09:00 (Asia/Shanghai). That day does not count. "
            "1 month: 1 to 28 February 2026. The month has no such day, so it ends on its last, 28 February. "
            "Due at the end of Saturday 28 February 2026 (Asia/Shanghai).",
            "自2026年1月31日（星期六）09:00（Asia/Shanghai）起算。当日不计入。1个月：2026年2月1日至28日。"
            "到期月无对应日，以月末日2月28日为最后一日。到期：2026年2月28日（星期六）24:00（Asia/Shanghai）。",
            id="a month that ends early",
        ),
        pytest.param(
            "2025-12-24T01:00",
            Span(amount=2, unit=Unit.WEEKS),
            [],
            "Counted from Wednesday 24 December 2025, 09:00 (Asia/Shanghai). That day does not count. "
            "2 weeks: 25 December 2025 to 7 January 2026. Due at the end of Wednesday 7 January 2026 (Asia/Shanghai).",
            "自2025年12月24日（星期三）09:00（Asia/Shanghai）起算。当日不计入。2周：2025年12月25日至2026年1月7日。"
            "到期：2026年1月7日（星期三）24:00（Asia/Shanghai）。",
            id="weeks over the year's end",
        ),
        pytest.param(
            "2026-02-04T09:29:30",
            Span(amount=45, unit=Unit.SECONDS),
            [],
            "Counted from Wednesday 4 February 2026, 17:29:30 (Asia/Shanghai). 45 seconds of opening time: "
            "30 s on 4 February 2026, 15 s on 5 February 2026. Due Thursday 5 February 2026, 08:30:15 (Asia/Shanghai).",
            "自2026年2月4日（星期三）17:29:30（Asia/Shanghai）起算。45秒（工作时间）："
            "2026年2月4日 30秒，2026年2月5日 15秒。到期：2026年2月5日（星期四）08:30:15（Asia/Shanghai）。",
            id="seconds",
        ),
    ],
)
def test_a_due_time_is_explained_in_plain_words(
    start: str, span: Span, holds: list[Interval], english: str, chinese: str
) -> None:
    found = due_with_holds(datetime.fromisoformat(start).replace(tzinfo=UTC), span, CHINA, holds)
    assert explain(found, Language.EN) == english
    assert explain(found, Language.ZH) == chinese
