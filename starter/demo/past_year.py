"""The year before, as the old system has it: some thirty complaints a week, for the import to take over.

Three things are planted for the analysis to find: meter readings that stopped being wrong, fitters who became punctual,
and an interruption in the east on the last day.
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

DAYS = 365
MEASURE_DAYS_AGO = 70
PARTNER = "city_fitters"
SURGE = 16
MAPPING = """
id = "demonstration-year"
time_zone = "Asia/Shanghai"
language = "zh"
policy = "plain"
channel = "phone"

[title]
zh = "上一年的投诉台账"
en = "Complaints of the year before"

[columns]
id = "id"
received_at = "received"
ended_at = "ended"
category = "category"
product = "product"
region = "region"
partner = "partner"
narrative = ["narrative"]
"""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Complaints of a kind: how many a day before and after the measure, how long they take, and what they say."""

    category: str
    before: float
    after: float
    days: float
    narrative: str
    partner: str = ""
    region: str = ""


KINDS = (
    _Kind("billing_amount", 1.1, 1.1, 4, "账单金额比上个月多了很多，没有人解释为什么。"),
    _Kind("billing_meter", 0.9, 0.1, 6, "抄表数是估的，和表上的读数不一样。"),
    _Kind("repair_late", 0.9, 0.15, 8, "约好的维修时间没有人来，等了一整天。", PARTNER),
    _Kind("repair_quality", 0.25, 0.25, 9, "修好的热水器两天后又坏了。", "meter_makers"),
    _Kind("supply_interruption", 0.3, 0.3, 2, "停气没有提前通知，没法做饭。", region="east"),
    _Kind("supply_pressure", 0.3, 0.3, 3, "晚上燃气压力低，火很小。"),
    _Kind("conduct", 0.15, 0.15, 5, "窗口的工作人员态度不好。"),
)


def year_csv(today: date, chance: random.Random) -> str:
    """A row for each complaint of the 365 days that end yesterday."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("id", "received", "ended", "category", "product", "region", "partner", "narrative"))
    table.writerows(_rows(today, chance))
    return text.getvalue()


def _rows(today: date, chance: random.Random) -> Iterator[tuple[object, ...]]:
    number = 0
    for ago in range(DAYS, 0, -1):
        day = today - timedelta(days=ago)
        for kind in KINDS:
            rate = kind.before if ago > MEASURE_DAYS_AGO else kind.after
            surges = kind.category == "supply_interruption" and ago == 1
            for _ in range(SURGE if surges else _poisson(rate, chance)):
                number += 1
                ended = day + timedelta(days=1 + int(chance.expovariate(1 / kind.days)))
                told = "" if surges or ended >= today else f"{ended:%Y-%m-%d}"
                region = kind.region or chance.choice(("east", "east", "north", "west"))
                product = chance.choice(("gas", "gas", "boiler"))
                yield number, f"{day:%Y-%m-%d}", told, kind.category, product, region, kind.partner, kind.narrative


def _poisson(mean: float, chance: random.Random) -> int:
    """How many come on a day, by the gaps between them."""
    count, at = 0, chance.expovariate(mean)
    while at < 1:
        count, at = count + 1, at + chance.expovariate(mean)
    return count
