"""Canaries: texts that occur nowhere else, planted where personal data go in, and how they are looked for afterwards.

All share two marks, one in ASCII and one in rare Chinese signs, so that one search finds any of them; the number that
follows says which. Telephone numbers consist of digits and are searched one by one.
"""

import base64
import binascii
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import count
from pathlib import Path
from urllib.parse import quote

ASCII_MARK = "qzcanaryvx"
CHINESE_MARK = "龘靐齉爩"


@dataclass(slots=True)
class Canaries:
    """What was planted where."""

    planted: dict[str, str] = field(default_factory=dict)
    phones: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(100))

    def text(self, place: str) -> str:
        """A sentence for a personal field."""
        token = f"{ASCII_MARK}{next(self._numbers)}"
        self.planted[token] = place
        return f"{token} {CHINESE_MARK}"

    def word(self, place: str) -> str:
        """One word of letters and digits, for an address or an account."""
        return self.text(place).split()[0]

    def phone(self, place: str) -> str:
        number = f"1390{os.urandom(3).hex().translate(_DIGITS)}{next(self._numbers)}0"[:11]
        self.planted[number] = place
        self.phones.append(number)
        return number

    def marks(self) -> list[str]:
        """What to search for: every canary contains one of them."""
        return [ASCII_MARK, CHINESE_MARK, *self.phones]


_DIGITS = str.maketrans("abcdef", "123456")


def needles(mark: str) -> set[bytes]:
    """The mark in every encoding that a store, a log or a protocol may give it."""
    plain = mark.encode()
    forms = {plain, mark.upper().encode(), mark.title().encode(), mark.encode("utf-16-le"), mark.encode("utf-16-be")}
    if not mark.isascii():
        forms.add(mark.encode("gb18030"))
    escaped = json.dumps(mark)[1:-1]
    forms |= {escaped.encode(), escaped.upper().replace("\\U", "\\u").encode(), escape(mark).encode()}
    forms |= {escaped.replace("\\", "\\\\").encode(), binascii.b2a_qp(plain), f"{plain!r}"[2:-1].encode()}
    forms |= {quote(mark).encode(), quote(mark).lower().encode(), "".join(f"&#{ord(sign)};" for sign in mark).encode()}
    for octets in (plain, mark.encode("utf-16-le")):
        forms |= {octets.hex().encode(), octets.hex().upper().encode(), *_base64_forms(octets)}
    return forms


def _base64_forms(octets: bytes) -> Iterator[bytes]:
    """The signs that stand for the octets whatever stands before and behind them, in both alphabets."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + octets)
        first, last = -(-before * 4 // 3), (before + len(octets)) * 4 // 3
        core = whole[first:last]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def found_in(octets: bytes, marks: Iterable[str]) -> set[str]:
    """The marks that the octets contain in any encoding."""
    return {mark for mark in marks if any(needle in octets for needle in needles(mark))}


def unpacked(octets: bytes) -> Iterator[bytes]:
    """Whatever in the octets looks like base64, decoded, and again what is in that."""
    for match in re.finditer(rb"[A-Za-z0-9+/_-]{16,}={0,2}", octets):
        text = match[0].rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        try:
            inner = base64.b64decode(text[: len(text) // 4 * 4])
        except binascii.Error:
            continue
        yield inner
        if inner.isascii():
            yield from unpacked(inner)


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder and what is in it; one that goes while we look is not there."""
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(folder)), path.read_bytes()
        except FileNotFoundError:
            continue
