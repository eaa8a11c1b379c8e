"""Calendars made from the public holidays of a country, as the `holidays` library knows them.

The library lists the days off and, for countries that exchange them, the weekend days worked instead
(`weekend_workdays`; in China the 调休 of the State Council's notice for the coming year, which appears in November).
For a year whose notice is not out it knows only the statutory days. So for such countries the horizon is the end of the
last year with exchanged days, and later years keep their statutory days as a provisional best guess. For all others it
is the end of the last year asked for. What the house adds itself (closings, days worked, changed hours) wins over the
library day by day.
"""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from domain.calendar.local_time import YEARS
from domain.calendar.opening_hours import Week, Weekday
from domain.calendar.refusal import refused
from domain.calendar.snapshot import Calendar, ChangedDay, ClosedDay, DayName, ListedDay, OpenDay, read_calendar
from domain.privacy import Language

if TYPE_CHECKING:
    from holidays import HolidayBase

_EXCHANGED_DAY_OFF = DayName(zh="调休放假", en="day off in exchange")
_MAKE_UP_DAY = DayName(zh="调休上班", en="make-up working day")
_LIBRARY_LANGUAGES: dict[Language, tuple[str, ...]] = {
    Language.ZH: ("zh_CN", "zh_TW", "zh_HK", "en_GB", "en_US"),
    Language.EN: ("en_GB", "en_US", "en_AU", "en_CA"),
}
_BETWEEN_NAMES = "; "

Listed = TypeVar("Listed", bound=ListedDay)


def make_calendar(
    *,
    calendar_id: str,
    version: int,
    title: str,
    zone: str,
    week: Week,
    country: str,
    first_year: int,
    last_year: int,
    subdivision: str | None = None,
    make_up_like: Weekday = Weekday.MONDAY,
    closed: Iterable[ClosedDay] = (),
    open_days: Iterable[OpenDay] = (),
    changed_days: Iterable[ChangedDay] = (),
    horizon: date | None = None,
) -> Calendar:
    """The calendar of a department in a country (ISO 3166-1 and -2 codes) for whole years.

    `make_up_like` is the weekday whose hours the country's make-up days keep; `horizon` overrides the one found as the
    module describes. Raises CalendarError for an unknown country or subdivision, for years without announced make-up
    days where the country has them and no horizon is given, and for whatever the document itself refuses.
    """
    years = range(first_year, last_year + 1)
    if not YEARS[0] <= first_year <= last_year <= YEARS[-1]:
        found = f"{first_year} to {last_year}"
        raise refused("last_year", f"expected years in order within {YEARS[0]} to {YEARS[-1]}, found {found}")
    library = {language: _library(country, subdivision, years, language) for language in _LIBRARY_LANGUAGES}
    closed, open_days, changed_days = tuple(closed), tuple(open_days), tuple(changed_days)
    house: tuple[ListedDay, ...] = (*closed, *open_days, *changed_days)
    settled = {entry.day for entry in house}
    made_up = [day for day in _made_up(library[Language.EN], years) if day not in settled]
    days_off = [day for day in _days_off(library[Language.EN], years) if day not in settled]
    return read_calendar(
        {
            "id": calendar_id,
            "version": version,
            "title": title,
            "zone": zone,
            "week": week,
            "known_from": date(first_year, 1, 1),
            "horizon": horizon or _horizon(library[Language.EN], years),
            "closed": _by_day([*closed, *(ClosedDay(day=day, name=_name(library, day)) for day in days_off)]),
            "open_days": _by_day(
                [*open_days, *(OpenDay(day=day, name=_MAKE_UP_DAY, like=make_up_like) for day in made_up)]
            ),
            "changed_days": _by_day(changed_days),
        }
    )


def _library(country: str, subdivision: str | None, years: range, language: Language) -> "HolidayBase":
    """The library's days of those years; the language is named because left out it is that of the machine."""
    import holidays  # a third of a second, which only the making of a calendar should cost

    try:
        spoken = holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError as error:
        raise refused("subdivision" if subdivision else "country", str(error)) from error
    chosen = next((code for code in _LIBRARY_LANGUAGES[language] if code in spoken.supported_languages), None)
    return holidays.country_holidays(
        country,
        subdiv=subdivision,
        years=years,
        expand=False,
        language=chosen or spoken.default_language,
    )


def _made_up(library: "HolidayBase", years: range) -> list[date]:
    return sorted(day for day in library.weekend_workdays if day.year in years)


def _days_off(library: "HolidayBase", years: range) -> list[date]:
    return sorted(day for day in library if day.year in years)


def _horizon(library: "HolidayBase", years: range) -> date:
    if not getattr(library, "has_substituted_holidays", False):
        return date(years[-1], 12, 31)
    announced = [day.year for day in _made_up(library, years)]
    announced += [day.year for day in _days_off(library, years) if _is_exchanged(library, library[day])]
    if not announced:
        raise refused(
            "horizon",
            f"expected the last day for which make-up days are known: {library.country} exchanges working days, "
            f"and none are announced for {years[0]} to {years[-1]}",
        )
    return date(max(announced), 12, 31)


def _name(library: dict[Language, "HolidayBase"], day: date) -> DayName:
    return DayName(**{language: _name_in(library[language], day, language) for language in library})


def _name_in(library: "HolidayBase", day: date, language: Language) -> str:
    names = library[day].split(_BETWEEN_NAMES)
    exchanged = _EXCHANGED_DAY_OFF.text(language)
    return _BETWEEN_NAMES.join(exchanged if _is_exchanged(library, name) else name for name in names)


def _is_exchanged(library: "HolidayBase", name: str) -> bool:
    """Whether the library names the day as "day off (substituted from …)"."""
    label = getattr(library, "substituted_label", None)
    return label is not None and library.tr(label).split("%s")[0] in name


def _by_day(entries: Iterable[Listed]) -> list[Listed]:
    return sorted(entries, key=lambda entry: entry.day)
