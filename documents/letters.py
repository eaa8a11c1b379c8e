"""A letter on paper, and the script of a call: one page as HTML or PDF. What is said in it is never read as markup."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from documents.forms import FormFormat
from domain.privacy import Language

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = files("documents") / "templates"
LANGUAGE_TAGS = {Language.ZH: "zh-CN", Language.EN: "en"}


@dataclass(frozen=True, slots=True)
class PrintedLetter:
    """What stands on the paper."""

    language: Language
    sender: str
    recipient: tuple[str, ...]
    date: str
    reference: str
    subject: str
    body: str

    @property
    def paragraphs(self) -> tuple[str, ...]:
        return tuple(self.body.strip().split("\n\n"))


def render_letter(letter: PrintedLetter, kind: FormFormat) -> bytes:
    """The letter as a file of that format; the same letter gives the same bytes."""
    return _as_html(letter) if kind is FormFormat.HTML else _as_pdf(letter)


@cache
def letter_style() -> str:
    """The one style of the page; a server names its hash to let a browser use it."""
    return (TEMPLATES / "letter.css").read_text("utf-8")


def _as_html(letter: PrintedLetter) -> bytes:
    page = _template().render(letter=letter, language_tag=LANGUAGE_TAGS[letter.language], stylesheet=letter_style())
    return page.encode()


def _as_pdf(letter: PrintedLetter) -> bytes:
    """The letter on A4, its address where the window of an envelope is, tagged for screen readers."""
    import typst

    from documents.pdf import fonts

    said = asdict(letter) | {"paragraphs": letter.paragraphs}
    made = typst.compile(
        (TEMPLATES / "letter.typ").read_bytes(),
        format="pdf",
        pdf_standards="ua-1",
        font_paths=fonts(),
        ignore_system_fonts=True,
        sys_inputs={"letter": json.dumps(said, ensure_ascii=False)},
    )
    return bytes(made)


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((TEMPLATES / "letter.html.jinja").read_text("utf-8"))
