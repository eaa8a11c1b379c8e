"""The places of the console, and which of them a person finds in the menu."""

from dataclasses import dataclass

from domain.access import Permission, Person, Role, may


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the menu: shown to whoever has the permission; `home_of` are those who begin their day there."""

    path: str
    name: str
    group: str
    permission: str
    home_of: frozenset[Role] = frozenset()


ACCOUNT = "/console/account"
PLACES = (
    Place("/console/intake", "intake", "cases", Permission.TAKE_COMPLAINT, frozenset({Role.HOTLINE})),
    Place("/console/queue", "queue", "cases", Permission.LIST_COMPLAINTS, frozenset({Role.HANDLER, Role.AUDITOR})),
    Place("/console/callbacks", "callbacks", "cases", Permission.CALL_BACK, frozenset({Role.CALLER})),
    Place("/console/board", "board", "leading", Permission.READ_BOARD, frozenset({Role.SUPERVISOR})),
    Place("/console/decisions", "decisions", "leading", Permission.READ_BOARD),
    Place("/console/search", "search", "cases", Permission.LIST_COMPLAINTS),
    Place("/console/improvements", "improvements", "leading", Permission.READ_UNDERTAKINGS),
    Place("/console/incidents", "incidents", "leading", Permission.READ_UNDERTAKINGS),
    Place("/console/analyses", "analyses", "leading", Permission.READ_UNDERTAKINGS),
    Place("/console/steps", "steps", "running", Permission.READ_STEPS, frozenset({Role.OPERATOR})),
    Place("/console/operations", "operations", "running", Permission.READ_OPERATIONS),
    Place("/console/webhooks", "webhooks", "running", Permission.READ_WEBHOOKS),
    Place("/console/staff", "staff", "admin", Permission.READ_STAFF, frozenset({Role.ADMIN})),
    Place(ACCOUNT, "account", "own", Permission.USE_CONSOLE),
)
"""In the order of the menu; `name` is a word of `layout.places`, `group` one of `layout.groups`."""


def places_of(person: Person) -> list[tuple[str, list[Place]]]:
    """The menu of a person, by groups."""
    groups: dict[str, list[Place]] = {}
    for place in PLACES:
        if may(person, place.permission):
            groups.setdefault(place.group, []).append(place)
    return list(groups.items())


def home_of(person: Person) -> str:
    """Where a person begins."""
    open_to = [place for place in PLACES if may(person, place.permission)]
    own = [place for place in open_to if place.home_of & person.roles]
    return next((place.path for place in (*own, *open_to)), ACCOUNT)
