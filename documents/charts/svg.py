"""Drawings as SVG: whole, with a title and a description for those who do not see them, or the shapes alone."""

from xml.etree.ElementTree import Element, SubElement, tostring

from documents.charts.bars import draw_bars
from documents.charts.drawing import ATTRIBUTES, TEXT_SIZE, Drawing, points
from documents.charts.funnels import draw_funnel
from documents.charts.lines import draw_line
from documents.charts.scatter import draw_scatter
from domain.surveys.report.charts import BarChart, FunnelChart, LineChart, ScatterChart
from domain.surveys.report.wording import ReportLanguage


def draw(chart: BarChart | LineChart | ScatterChart | FunnelChart, language: ReportLanguage) -> Drawing:
    """The drawing of a chart, its labels in that language."""
    match chart:
        case BarChart():
            return draw_bars(chart, language)
        case LineChart():
            return draw_line(chart, language)
        case ScatterChart():
            return draw_scatter(chart, language)
        case FunnelChart():
            return draw_funnel(chart, language)


def whole_svg(drawing: Drawing, name: str, title: str, description: str) -> str:
    """Shapes and labels as one image; `name` makes the ids of title and description unique in a page."""
    picture = _picture(drawing)
    picture.attrib |= {"role": "img", "aria-labelledby": f"{name}-title {name}-description"}
    for number, (kind, text) in enumerate((("title", title), ("description", description))):
        element = Element("title" if kind == "title" else "desc", {"id": f"{name}-{kind}"})
        element.text = text
        picture.insert(number, element)
    for label in drawing.labels:
        place = {"x": points(label.x), "y": points(label.y), "text-anchor": label.anchor, "class": label.style}
        SubElement(picture, "text", place | dict(ATTRIBUTES[label.style])).text = label.text
    return tostring(picture, encoding="unicode")


def shapes_svg(drawing: Drawing) -> str:
    """The shapes alone: a page sets the labels in its own type."""
    return tostring(_picture(drawing), encoding="unicode")


def _picture(drawing: Drawing) -> Element:
    size = {"viewBox": f"0 0 {points(drawing.width)} {points(drawing.height)}", "font-size": points(TEXT_SIZE)}
    picture = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "chart", **size})
    for shape in drawing.shapes:
        SubElement(picture, shape.element, {**shape.geometry, "class": shape.style, **ATTRIBUTES[shape.style]})
    return picture
