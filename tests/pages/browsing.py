"""A browser without JavaScript: opens pages, fills in their forms, and sends what the page says."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from typing import Any

import httpx

_addresses = count(1)


@dataclass
class Form:
    action: str = ""
    id: str = ""
    enctype: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """An HTML page: its forms, its links, its text, and what a label belongs to."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.answer = answer
        self.status = answer.status_code
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._silent = ""
        self._textarea: str | None = None
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.tags.append((tag, named))
        if tag == "form":
            self.forms.append(Form(named["action"], named.get("id", ""), named.get("enctype", "")))
        if tag == "input" and self.forms and named["type"] not in {"file", "checkbox", "radio"}:
            self.forms[-1].fields[named["name"]] = named.get("value", "")
        if tag == "input" and named.get("type") in {"checkbox", "radio"} and "checked" in named:
            self.forms[-1].fields[named["name"]] = named["value"]
        if tag == "textarea":
            self._textarea = named["name"]
            self.forms[-1].fields[self._textarea] = ""
        if tag == "option" and "selected" in named:
            self.forms[-1].fields["category"] = named["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self.forms[-1].fields[self._textarea] += data
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def attributes(self, tag: str) -> list[dict[str, str]]:
        return [named for name, named in self.tags if name == tag]

    def form(self, form_id: str = "") -> Form:
        return next(form for form in self.forms if form.id == form_id)


class Browser:
    """Somebody outside, at an address of their own unless it is said otherwise."""

    def __init__(self, client: httpx.AsyncClient, address: str | None = None) -> None:
        self.client = client
        number = next(_addresses)
        self.headers = {"X-Forwarded-For": address or f"198.18.{number // 250}.{1 + number % 250}"}

    async def open(self, path: str, **headers: str) -> Page:
        return Page(await self.client.get(path, headers=self.headers | headers))

    async def send(
        self, page: Page, values: dict[str, Any] | None = None, *, form: str = "", files: Any = None, **headers: str
    ) -> Page:
        """Send a form of a page with these fields changed, and follow where it leads."""
        chosen = page.form(form)
        multipart: list[tuple[str, Any]] = []
        for name, value in (chosen.fields | (values or {})).items():
            multipart += [(name, (None, each)) for each in (value if isinstance(value, list) else [value])]
        multipart += [("files", file) for file in files or [("", b"", "application/octet-stream")]]
        answer = await self.client.post(chosen.action, files=multipart, headers=self.headers | headers)
        if answer.status_code == 303:
            return await self.open(answer.headers["location"])
        return Page(answer)
