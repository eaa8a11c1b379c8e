"""People at the console: windows of a real browser, and what is looked at on every page."""

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page

from tests.house import House

PASSWORD = "four words for tests"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"width": 360, "height": 740}


@dataclass
class Site:
    """A house behind a port."""

    house: House
    browser: Browser
    url: str

    async def session(self, who: str, language: str = "en") -> str:
        """A new session of somebody, with the language that is wanted."""
        accounts, person = self.house.services.accounts, self.house.people[who]
        await accounts.choose_language(person, language)
        return (await accounts.begin(person, None, by="test")).key


@dataclass
class Desk:
    """Windows that one test opens."""

    site: Site
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What the browser complained about: refused scripts, errors."""

    async def window(self, who: str | None = None, language: str = "en", **options: Any) -> Page:
        """A window; signed in as somebody, if somebody is named."""
        locale = "zh-CN" if language == "zh" else "en-GB"
        context = await self.site.browser.new_context(base_url=self.site.url, locale=locale, **options)
        context.set_default_timeout(30_000)
        self.contexts.append(context)
        if who is not None:
            key = await self.site.session(who, language)
            await context.add_cookies([{"name": "amends-session", "value": key, "url": self.site.url}])
        page = await context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    async def close(self) -> None:
        for context in self.contexts:
            await context.close()


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong on the page as it stands."""
    found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


async def is_cut(page: Page) -> bool:
    """Whether the page is wider than its window, so that it would have to be moved sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
