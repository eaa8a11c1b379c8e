"""Making a database ready for this release: its schema, and the calendars that come with Amends.

A calendar is put in where there is none of its id. Where the newest version was put in by Amends too, what this
release knows beyond it becomes the next version; one that people have made their own is left to them.
"""

from contextlib import suppress
from datetime import datetime
from importlib.metadata import version

from domain.calendar import Calendar
from domain.complaints import shipped
from domain.complaints.situation import SYSTEM
from storage.calendars import CalendarChanged, Calendars, CalendarVersion
from storage.migrating import migrate
from storage.pool import Pool, open_pool, transaction
from storage.roles import grant_roles


async def prepare(database_url: str, zone: str, at: datetime) -> list[str]:
    """Prepare the database, and say what was done; done again, nothing. `zone` is that of the calendar of every day.

    Raises as `storage.migrating.migrate` does, and CalendarError for a zone that is not known.
    """
    done = [f"applied {name}" for name in await migrate(database_url)]
    granted = await grant_roles(database_url)
    pool = await open_pool(database_url, size=1)
    try:
        put_in = await put_in_calendars(pool, zone, at)
    finally:
        await pool.close()
    done += [f"granted {role} what it may do" for role in granted]
    return done + [f"put in the calendar {each.id}@{each.version}, known until {each.horizon}" for each in put_in]


async def put_in_calendars(pool: Pool, zone: str, at: datetime) -> list[Calendar]:
    """Put in the shipped calendars that are missing and the newer versions of those that are Amends' own."""
    calendars, put_in = Calendars(pool), []
    reason = f"comes with Amends {version('amends')}; public holidays of holidays {version('holidays')}"
    for made in shipped.calendars(zone):
        following = _following(await calendars.newest(made.id), made)
        if following is None:
            continue
        with suppress(CalendarChanged):  # another process puts it in
            async with transaction(pool) as connection:
                stored = await calendars.add(connection, following, by=SYSTEM, reason=reason, at=at)
            if stored.calendar is following:  # else another process has put in the same
                put_in.append(following)
    return put_in


def _following(newest: CalendarVersion | None, made: Calendar) -> Calendar | None:
    """The version to be put in, if any; an older release never takes away what a newer one knew."""
    if newest is None:
        return made
    if newest.made_by != SYSTEM or newest.says(made) or made.horizon < newest.calendar.horizon:
        return None
    return made.model_copy(update={"version": newest.calendar.version + 1})
