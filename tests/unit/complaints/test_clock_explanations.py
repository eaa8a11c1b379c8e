"""Why a clock of a case is due when it is, in both languages, counted by hand on the wall calendar of the tests.

The office works Monday to Friday and is closed on Monday, 9 March 2026; the case is received on Monday, 2 March.
"""

from domain.complaints import commands as c
from domain.complaints.clock_explanation import explain_clock
from domain.complaints.policy import Anchor
from domain.complaints.terms import ClockKind, HoldKind, Way
from domain.privacy import Language
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import OFFICE, RICH
from tests.unit.complaints.story import SUPERVISOR, Story, march, story_at, tell

COUNTED = (
    "Final answer, number 1, promised from the receipt of the complaint on. "
    "Counted from Monday 2 March 2026, 09:30 (UTC). That day does not count. 5 working days: 3 to 10 March 2026. "
    "Not counted: 7 to 9 March 2026 (founders' day). Due at the end of Tuesday 10 March 2026 (UTC)."
)


def told(story: Story, key: str = "final_response.1", language: Language = Language.EN) -> str:
    return explain_clock(story.clock(key), OFFICE, language).text


def held() -> Story:
    story = story_at("investigating", RICH).at(march(3, 10))
    return tell(story, c.Hold(kind=HoldKind.CUSTOMER, until=march(6), reason=s.text(1)))


def test_a_running_clock_is_told_from_its_beginning() -> None:
    story = story_at("investigating", RICH)
    assert told(story) == f"{COUNTED} It is running."
    assert told(story, language=Language.ZH) == (
        "处理答复（第1次），自收到投诉起计时。自2026年3月2日（星期一）09:30（UTC）起算。当日不计入。"
        "5个工作日：2026年3月3日至10日。不计入：2026年3月7日至9日（司庆日）。"
        "到期：2026年3月10日（星期二）24:00（UTC）。正在计时。"
    )


def test_a_paused_clock_says_since_when_it_stands_still() -> None:
    assert told(held()) == (
        f"{COUNTED} It stands still since Tuesday 3 March 2026, 10:00 (UTC); the due time moves when it goes on."
    )
    assert told(held(), language=Language.ZH).endswith(
        "自2026年3月3日（星期二）10:00（UTC）起暂停计时；恢复计时后到期时间顺延。"
    )


def test_a_clock_that_went_on_names_the_days_on_hold() -> None:
    story = held().at(march(5, 12))
    story.do(s.RESUME)
    assert "on hold 3 to 4 March 2026" in told(story)
    assert "Due at the end of Thursday 12 March 2026 (UTC)." in told(story)
    assert "暂停计时的2026年3月3日至4日" in told(story, language=Language.ZH)


def test_an_extended_clock_tells_the_count_and_the_later_date() -> None:
    story = story_at("investigating", RICH)
    extension = c.Extend(clock=ClockKind.FINAL_RESPONSE, until=march(20), way=Way.PHONE, letter=s.text(11))
    story.do(extension, SUPERVISOR)
    assert told(story) == f"{COUNTED} Extended: due Friday 20 March 2026, 00:00 (UTC) instead. It is running."
    assert "已延期：改为2026年3月20日（星期五）00:00（UTC）到期。" in told(story, language=Language.ZH)


def test_a_kept_promise_says_when() -> None:
    story = story_at("investigating", RICH).at(march(6, 11))
    story.do(s.RESPOND)
    assert told(story) == f"{COUNTED} Kept on Friday 6 March 2026, 11:00 (UTC)."
    assert told(story, language=Language.ZH).endswith("已于2026年3月6日（星期五）11:00（UTC）按时完成。")


def test_a_broken_promise_says_so_and_when_it_was_made_good() -> None:
    story = story_at("investigating", RICH).at(march(11, 8))
    story.tick()
    assert told(story) == f"{COUNTED} Broken: it ran out on Wednesday 11 March 2026, 00:00 (UTC)."
    story.at(march(12, 8)).do(s.RESPOND)
    assert told(story).endswith("Done late, on Thursday 12 March 2026, 08:00 (UTC).")
    assert told(story, language=Language.ZH).endswith(
        "已超时：2026年3月11日（星期三）00:00（UTC）到期未完成。已于2026年3月12日（星期四）08:00（UTC）逾期完成。"
    )


def test_what_is_not_owed_any_more_is_cancelled() -> None:
    story = story_at("investigating", RICH)
    story.do(s.WITHDRAW)
    assert told(story).endswith("Cancelled: it is not owed any more.")
    assert told(story, language=Language.ZH).endswith("已取消：不再需要完成。")


def test_every_kind_and_anchor_of_a_clock_has_words_in_both_languages() -> None:
    clock = story_at("received", RICH).case.clocks[0]
    for kind in ClockKind:
        for anchor in Anchor:
            for language in Language:
                explain_clock(clock.model_copy(update={"kind": kind, "anchor": anchor}), OFFICE, language)
