"""Who comes in to the console and how: sign-in, sessions, the token of every form, and every page × every role."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import count

import httpx
import pytest
from fastapi.routing import APIRoute

from domain.access import ALLOWED, PUBLIC_ROUTES, STAFF_ROLES, Role
from starter.accounts import LOCKED_FOR, MOST_FAILURES, AccountDesk, weakness
from starter.console.wording import words
from tests.api.conftest import api
from tests.api.visitors import Api
from tests.architecture.test_routes import ROUTES, asked_for
from tests.house import House

__all__ = ["api"]

PASSWORD = "four words for tests"
PLACES = {"reference": "C-2026-999999", "command": "note", "file": "att_nothing", "path": "nowhere"}
PLACES |= {
    "step": "C-2026-999999.acknowledgement.1",
    "batch": "bat_nothing",
    "webhook": "whk_nothing",
    "view": "view_nothing",
}
PLACES |= {"person": "per_nobody00", "token": "0" * 16}
_addresses = count(1)


class Hidden(HTMLParser):
    """The hidden fields of the first form of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "input" and named.get("type") == "hidden":
            self.fields.setdefault(named["name"] or "", named["value"] or "")


@pytest.fixture(autouse=True)
def no_long_watching(monkeypatch: pytest.MonkeyPatch) -> None:
    """A board that is watched lets go at once."""
    monkeypatch.setattr("starter.console.board.LASTS", timedelta(0))


@pytest.fixture
async def browser(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without JavaScript, with cookies of its own."""
    headers = {"X-Forwarded-For": f"198.19.0.{next(_addresses)}", "Sec-Fetch-Site": "same-origin"}
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://amends.test", headers=headers) as client:
        yield client


@pytest.fixture(scope="module")
async def passwords(house: House) -> None:
    for name in ("hotline", "handler", "caller", "operator"):
        await house.services.accounts.set_password(house.people[name], PASSWORD)


async def sign_in(browser: httpx.AsyncClient, name: str, password: str = PASSWORD, path: str = "") -> httpx.Response:
    page = await browser.get(f"/console/sign-in{path}")
    fields = Hidden(page.text).fields | {"name": name, "password": password}
    return await browser.post(f"/console/sign-in{path}", data=fields)


async def seated(browser: httpx.AsyncClient, house: House, who: str) -> str:
    """Sign somebody in without the form; the token of the forms."""
    begun = await house.services.accounts.begin(house.people[who], None, by="test")
    browser.cookies.set("amends-session", begun.key)
    return Hidden((await browser.get("/console/account")).text).fields.get("csrf", "")


def pages() -> Iterator[tuple[str, str, str]]:
    for route in ROUTES:
        apart = route.path.startswith("/console/") or route.path == "/"
        if isinstance(route, APIRoute) and apart and route.path not in PUBLIC_ROUTES:
            for method in sorted(route.methods or ()):
                yield method, route.path.replace(":path", "").format_map(PLACES), asked_for(route)[0]


@pytest.mark.parametrize(("method", "path", "permission"), [*pages()])
async def test_a_page_opens_to_the_roles_of_its_row_and_to_nobody_else(
    browser: httpx.AsyncClient, house: House, method: str, path: str, permission: str
) -> None:
    for role in STAFF_ROLES:
        begun = await house.services.accounts.begin(house.people[role], None, by="test")
        browser.cookies.set("amends-session", begun.key)
        answer = await browser.request(method, path, data={} if method == "POST" else None)
        denied = "You may not do this" in answer.text
        assert answer.status_code < 500, answer.text
        assert denied == (role not in ALLOWED[permission]), f"{role} {method} {path}: {answer.status_code}"


@pytest.mark.parametrize(("method", "path", "permission"), [*pages()])
async def test_without_a_session_every_page_leads_to_signing_in(
    browser: httpx.AsyncClient, method: str, path: str, permission: str
) -> None:
    for key in (None, "nonsense"):
        if key is not None:
            browser.cookies.set("amends-session", key)
        answer = await browser.request(method, path, data={} if method == "POST" else None)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/console/sign-in")


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in pages() if method == "POST"])
async def test_no_form_is_taken_without_the_token_of_its_session(
    browser: httpx.AsyncClient, house: House, method: str, path: str
) -> None:
    who = next(role for role in ("supervisor", "hotline", "handler") if house.people[role])
    await seated(browser, house, who)
    another = await house.services.accounts.begin(house.people["handler"], None, by="test")
    for token in ("", "0" * 32, another.key):
        answer = await browser.request(method, path, data={"csrf": token, "key": "x"})
        assert (answer.status_code, "signed_out" in answer.text) == (403, False), f"{path} with {token!r}"


async def test_a_form_that_comes_from_another_site_is_refused(browser: httpx.AsyncClient, house: House) -> None:
    token = await seated(browser, house, "handler")
    answer = await browser.post(
        "/console/language", data={"csrf": token, "language": "zh"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


async def test_who_signs_in_begins_at_the_own_desk(browser: httpx.AsyncClient, house: House, passwords: None) -> None:
    answer = await sign_in(browser, "handler")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/queue")
    assert (await browser.get("/console/queue")).status_code == 200


async def test_who_came_for_a_page_is_led_back_to_it_and_never_to_another_site(
    browser: httpx.AsyncClient, house: House, passwords: None
) -> None:
    asked = await browser.get("/console/queue?view=new")
    assert asked.headers["location"] == "/console/sign-in?next=/console/queue%3Fview%3Dnew"
    answer = await sign_in(browser, "handler", path="?next=/console/queue%3Fview%3Dnew")
    assert answer.headers["location"] == "/console/queue?view=new"
    for elsewhere in ("https://evil.example/", "//evil.example", "/console/\\evil.example", "javascript:alert(1)"):
        browser.cookies.clear()
        answer = await sign_in(browser, "handler", path=f"?next={elsewhere}")
        assert answer.headers["location"] == "/console/queue"


async def test_a_session_has_a_new_key_after_signing_in_and_the_old_one_is_worth_nothing(
    browser: httpx.AsyncClient, house: House, passwords: None
) -> None:
    await sign_in(browser, "handler")
    first = browser.cookies["amends-session"]
    page = await browser.get("/console/account")
    await browser.post("/console/sign-out", data=Hidden(page.text).fields)
    assert await house.services.accounts.signed_in(first) is None
    await sign_in(browser, "handler")
    second = browser.cookies["amends-session"]
    assert second != first
    again = await house.services.accounts.sign_in("handler", PASSWORD, instead_of=second)
    assert await house.services.accounts.signed_in(second) is None
    assert await house.services.accounts.signed_in(again.key) is not None


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    browser: httpx.AsyncClient, house: House, passwords: None
) -> None:
    given = (await sign_in(browser, "handler")).headers.get_list("set-cookie")
    session = next(each for each in given if each.startswith("amends-session="))
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in session.split(";")}


async def test_sessions_are_stored_as_hashes(browser: httpx.AsyncClient, house: House, passwords: None) -> None:
    await sign_in(browser, "handler")
    rows = await house.parts.pool.fetch("SELECT hash FROM session")
    assert all(browser.cookies["amends-session"].encode() not in row["hash"] for row in rows)


async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    browser: httpx.AsyncClient, passwords: None
) -> None:
    said = [await sign_in(browser, "caller", "not this one"), await sign_in(browser, "nobody at all", "not this one")]
    assert [answer.status_code for answer in said] == [401, 401]
    assert said[0].text.replace("caller", "") == said[1].text.replace("nobody at all", "")


async def test_five_wrong_passwords_lock_an_account_for_a_while(
    browser: httpx.AsyncClient, house: House, passwords: None
) -> None:
    for _ in range(MOST_FAILURES):
        await sign_in(browser, "operator", "not this one")
    assert (await sign_in(browser, "operator")).status_code == 401
    await house.parts.pool.execute(
        "UPDATE account SET locked_until = locked_until - $2::interval WHERE person = $1",
        house.people["operator"].id,
        LOCKED_FOR,
    )
    assert (await sign_in(browser, "operator")).status_code == 303


async def test_a_session_ends_after_idleness_and_after_its_longest_time(house: House) -> None:
    short = AccountDesk(house.parts.pool, idle=timedelta(minutes=30), longest=timedelta(hours=10))
    for column, back in (("seen_at", timedelta(minutes=31)), ("ends_at", timedelta(hours=11))):
        begun = await short.begin(house.people["handler"], None, by="test")
        assert await short.signed_in(begun.key) is not None
        await house.parts.pool.execute(
            f"UPDATE session SET {column} = {column} - $1::interval WHERE begun_at = "
            "(SELECT max(begun_at) FROM session)",
            back,
        )
        assert await short.signed_in(begun.key) is None


async def test_who_has_left_is_out_at_once(api: Api, house: House) -> None:
    visitor = await api.enrol("leaver", Role.HANDLER)
    begun = await house.services.accounts.begin(visitor.person, None, by="test")
    await house.parts.pool.execute("UPDATE person SET is_active = false WHERE id = $1", visitor.person.id)
    assert await house.services.accounts.signed_in(begun.key) is None


async def test_a_new_password_ends_every_other_session(api: Api, browser: httpx.AsyncClient, house: House) -> None:
    visitor = await api.enrol("mover", Role.HANDLER)
    house.people["mover"] = visitor.person
    await house.services.accounts.set_password(visitor.person, PASSWORD)
    elsewhere = await house.services.accounts.begin(visitor.person, None, by="test")
    token = await seated(browser, house, "mover")
    fields = {"csrf": token, "old": PASSWORD, "new": "another four words", "again": "another four words"}
    wrong = await browser.post("/console/account", data=fields | {"old": "not this one"})
    assert wrong.status_code == 422
    assert (await browser.post("/console/account", data=fields)).status_code == 303
    assert await house.services.accounts.signed_in(elsewhere.key) is None
    assert (await browser.get("/console/account")).status_code == 200
    assert (await house.services.accounts.sign_in("mover", "another four words")).person.id == visitor.person.id


@pytest.mark.parametrize("password", ["short", "x" * 20, "handler handler 1", "password1234!"])
def test_passwords_that_are_easily_guessed_are_refused(password: str) -> None:
    assert weakness(password, "handler") is not None


def test_a_long_password_of_several_words_is_accepted() -> None:
    assert weakness("a river under copper", "handler") is None


async def test_every_page_forbids_scripts_of_others_frames_and_storing(
    browser: httpx.AsyncClient, house: House
) -> None:
    await seated(browser, house, "handler")
    for path in ("/console/queue", "/console/sign-in", "/console/nowhere"):
        headers = (await browser.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"


async def test_behind_tls_the_cookies_are_bound_to_the_host(house: House) -> None:
    from types import SimpleNamespace

    from fastapi import Response

    from starter.console.entry import keep

    settings = SimpleNamespace(public_url="https://complaints.example.org")
    answer = Response()
    keep(answer, SimpleNamespace(parts=SimpleNamespace(settings=settings)), "session", "k", datetime.now(UTC))  # type: ignore[arg-type]
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-amends-session=k;")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_both_languages_have_the_same_words() -> None:
    from domain.privacy import Language

    def paths(tree: object, at: str = "") -> set[str]:
        if isinstance(tree, dict):
            return {path for name, below in tree.items() for path in paths(below, f"{at}/{name}")}
        return {at}

    assert paths(words(Language.ZH)) == paths(words(Language.EN))
