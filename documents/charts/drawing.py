"""A drawing: shapes and labels, each in a named style. Owns their look in ink; a screen in the dark may override it.

Labels are kept apart from the shapes, because a page sets its own type: in the language of the document, so that
Chinese is printed in simplified forms, and as text that can be searched.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

WIDTH = 640.0
TEXT_SIZE = 12.0
LINE_HEIGHT = 1.3 * TEXT_SIZE

INK, MUTED, GRID, ACCENT, CONTRAST = "#1f2933", "#52606d", "#d5dce3", "#1f6f8b", "#b4531a"


class Style(StrEnum):
    """Named by what a thing is; also the class of its SVG element."""

    GRID = "grid"
    AXIS = "axis"
    BAR = "bar"
    WHISKER = "whisker"
    BAND = "band"
    LINE = "line"
    DOT = "dot"
    MARK = "mark"
    LABEL = "label"
    SCALE = "scale"
    MARK_LABEL = "mark-label"


ATTRIBUTES: Mapping[Style, Mapping[str, str]] = {
    Style.GRID: {"stroke": GRID, "stroke-width": "1", "fill": "none"},
    Style.AXIS: {"stroke": MUTED, "stroke-width": "1", "fill": "none"},
    Style.BAR: {"fill": ACCENT},
    Style.WHISKER: {"stroke": INK, "stroke-width": "1.25", "fill": "none"},
    Style.BAND: {"fill": ACCENT, "fill-opacity": "0.16"},
    Style.LINE: {"stroke": ACCENT, "stroke-width": "2", "fill": "none", "stroke-linejoin": "round"},
    Style.DOT: {"fill": ACCENT},
    Style.MARK: {"stroke": CONTRAST, "stroke-width": "1.25", "stroke-dasharray": "4 3", "fill": "none"},
    Style.LABEL: {"fill": INK},
    Style.SCALE: {"fill": MUTED},
    Style.MARK_LABEL: {"fill": CONTRAST},
}

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Shape:
    """An SVG element without text."""

    element: str
    geometry: Mapping[str, str]
    style: Style


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text; (x, y) is its start, middle or end on the line that it stands on."""

    x: float
    y: float
    text: str
    style: Style = Style.LABEL
    anchor: Anchor = "start"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of `width` by `height` points, y downwards; what comes later lies on top."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]


def line(x1: float, y1: float, x2: float, y2: float, style: Style) -> Shape:
    return Shape("line", {"x1": points(x1), "y1": points(y1), "x2": points(x2), "y2": points(y2)}, style)


def rectangle(x: float, y: float, width: float, height: float, style: Style) -> Shape:
    corners = {"x": points(x), "y": points(y), "width": points(max(width, 0.0)), "height": points(max(height, 0.0))}
    return Shape("rect", corners, style)


def dot(x: float, y: float, style: Style, radius: float = 4.0) -> Shape:
    return Shape("circle", {"cx": points(x), "cy": points(y), "r": points(radius)}, style)


def polyline(corners: Iterable[tuple[float, float]], style: Style) -> Shape:
    return Shape("polyline", {"points": _corner_list(corners)}, style)


def polygon(corners: Iterable[tuple[float, float]], style: Style) -> Shape:
    return Shape("polygon", {"points": _corner_list(corners)}, style)


def points(value: float) -> str:
    """A coordinate, to a hundredth of a point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def width_of(text: str) -> float:
    """Estimated width of a label: a Chinese character is a square, a Latin one a little over half of it."""
    return TEXT_SIZE * sum(_em(character) for character in text)


def wrapped(text: str, width: float, most_lines: int = 2) -> list[str]:
    """The text in lines of like length that fit the width; what does not fit into the last one is cut and marked."""
    if width_of(text) <= width:
        return [text]
    lines: list[str] = []
    rest = _pieces(text)
    target = min(width, max(1.1 * width_of(text) / most_lines, width_of(max(rest, key=width_of))))
    while rest and len(lines) < most_lines - 1:
        fitting, rest = _fitting(rest, target)
        lines.append("".join(fitting).strip())
    last = "".join(rest).strip()
    return lines if not last else [*lines, last if width_of(last) <= width else _cut(last, width)]


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return 0.3 if character in "ijlft.,:;'|!()- " else 0.58


def _pieces(text: str) -> list[str]:
    """Where a line may be broken: after a space, and around every Chinese character."""
    pieces, word = [], ""
    for character in text:
        is_wide = unicodedata.east_asian_width(character) in "WF"
        if is_wide and word:
            pieces.append(word)
            word = ""
        word += character
        if is_wide or character == " ":
            pieces.append(word)
            word = ""
    return [*pieces, word] if word else pieces


def _fitting(pieces: list[str], width: float) -> tuple[list[str], list[str]]:
    """As many pieces as fit, at least one, and the rest."""
    count = 1
    while count < len(pieces) and width_of("".join(pieces[: count + 1]).rstrip()) <= width:
        count += 1
    return pieces[:count], pieces[count:]


def _cut(text: str, width: float) -> str:
    while text and width_of(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _corner_list(corners: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{points(x)},{points(y)}" for x, y in corners)
