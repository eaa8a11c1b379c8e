"""Sample complaints in Chinese and English, made for this project; names, numbers and addresses are invented."""

import random
from collections.abc import Iterator
from typing import Any

_ZH = (
    ("supply_pressure", "每天晚上六点以后燃气压力很低，做不了饭。", "请尽快恢复正常压力"),
    ("supply_interruption", "昨天停气没有任何通知，家里有老人，无法做饭取暖。", "希望提前通知"),
    ("billing_amount", "这个月的账单比上个月多了三倍，我们家没有多用。", "请核对并退款"),
    ("billing_meter", "抄表员从来没有上门，表数都是估的。", "请派人重新抄表"),
    ("repair_late", "报修以后等了两天才有人来。", None),
    ("repair_quality", "师傅修完热水器第二天又坏了。", "请免费返修"),
    ("conduct", "窗口工作人员态度冷淡，问了两遍都不回答。", "要求道歉"),
    ("information", "网站上的营业时间和实际不一样，白跑一趟。", None),
    ("other", "小区门口施工后路面没有恢复。", "请恢复路面"),
    ("safety", "楼道里有很重的燃气味，请马上派人。", None),
)
_EN = (
    ("supply_pressure", "The gas pressure drops every evening and the boiler stops.", "Restore the pressure"),
    ("supply_interruption", "The supply was cut yesterday without any notice.", "Tell us beforehand"),
    ("billing_amount", "My bill is three times as high as last month and I used nothing more.", "Check and refund"),
    ("billing_meter", "Nobody has read my meter for a year, every figure is an estimate.", "Read the meter"),
    ("repair_late", "I waited two days for the repair and lost a day's pay.", "Compensation"),
    ("repair_quality", "The heater broke again the day after it was repaired.", "Repair it for free"),
    ("conduct", "The clerk at the desk was rude and would not give a name.", None),
    ("information", "Your opening hours online are wrong.", None),
    ("safety", "There is a smell of gas in the stairway, send somebody at once.", None),
)
_FAMILY = "王李张刘陈杨赵黄周吴徐孙"
_GIVEN = ("伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "秀英", "建国")
_ENGLISH_NAMES = ("Amy Carter", "Ben Hughes", "Clara Novak", "Dan Okafor", "Eva Lund", "Finn Byrne", "Grace Lin")
_CHANNELS = ("web", "email", "app", "phone", "visit")


def complaints(count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Complaint forms as a hotline would send them; about half are in Chinese."""
    for number in range(1, count + 1):
        chinese = chance.random() < 0.5
        category, narrative, demand = chance.choice(_ZH if chinese else _EN)
        yield {
            "channel": chance.choice(_CHANNELS),
            "source_ref": f"demo-{number:05d}",
            "customer": _customer(number, chinese, chance),
            "category": category,
            "severity": chance.choice((1, 2, 2, 3, 3, 3, 4)),
            "narrative": narrative,
            **({"demand": demand} if demand else {}),
        }


def _customer(number: int, chinese: bool, chance: random.Random) -> dict[str, Any]:
    name = chance.choice(_FAMILY) + chance.choice(_GIVEN) if chinese else chance.choice(_ENGLISH_NAMES)
    return {
        "name": name,
        "phone": f"+86 138 0000 {number % 10_000:04d}",
        "email": f"customer{number}@example.com",
        "language": "zh" if chinese else "en",
    }
