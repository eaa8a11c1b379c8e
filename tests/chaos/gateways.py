"""Gateways that fail: text messages whose acceptances are counted with the mail, and an endpoint of webhooks."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from starter.demo.text_messages import TextMessages
from tests.chaos.sink import Acceptance, Sink
from tests.endpoints import Endpoints, Told

WAYS = ("500", "429", "half an answer", "an answer too late")
WEBHOOKS_WAIT_SECONDS = 2
TOO_LATE = 3.0 * WEBHOOKS_WAIT_SECONDS
"""So late that we are gone when an endpoint says yes."""
TEMPLATES = {"response_letter.zh.sms.1": "SMS_1002", "response_letter.en.sms.1": "SMS_2002"}


class Texts(TextMessages):
    """The gateway for text messages; what it takes stands in the ledger of the mail sink, once under each key."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def fail(self, way: str) -> None:
        """Fail so until it is told to behave."""
        match way:
            case "500" | "429":
                self.refuse(int(way), "BUSY")
            case "half an answer":
                self.break_off()
            case _:
                self.dawdle(12.0)

    def _answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        known = len(self.messages)
        answer = super()._answer(headers, body)
        if len(self.messages) > known:
            taken = list(self.messages.values())[-1]
            self._sink.ledger.append(Acceptance(taken.biz_id, datetime.now(UTC), effect_key=taken.out_id))
        return answer


class SickEndpoint:
    """Answers the first telling of every third event of a case in a bad way, each way in its turn, and then well."""

    def __init__(self, served: Endpoints, path: str) -> None:
        self.url = f"{served.url}{path}"
        self._served = served
        self._path = path
        self._tellings = Counter[str]()
        self.failures = 0
        served.answers[path] = self._answer

    def _answer(self, told: Told) -> int | float | tuple[int, dict[str, str]]:
        self._tellings[told.id] += 1
        if self._tellings[told.id] > 1 or int(told.id.rpartition("/")[2]) % 3:
            return 204
        self.failures += 1
        bad: tuple[int | float | tuple[int, dict[str, str]], ...] = (
            500,
            TOO_LATE,
            (429, {"retry-after": "1"}),
            (200, {"content-length": "1000"}),
        )
        return bad[self.failures % len(bad)]

    @property
    def told(self) -> dict[str, list[int]]:
        """By case, the numbers of its events in the order in which they were first told."""
        found: dict[str, list[int]] = {}
        for each in self._served.at(self._path):
            case, _, number = each.id.rpartition("/")
            if int(number) not in found.setdefault(case, []):
                found[case].append(int(number))
        return found

    @property
    def repetitions(self) -> int:
        return sum(times - 1 for times in self._tellings.values())

    @property
    def changed(self) -> list[str]:
        """Events that were told in other words the second time."""
        bodies: dict[str, set[bytes]] = {}
        for each in self._served.at(self._path):
            bodies.setdefault(each.id, set()).add(each.body)
        return [event for event, found in bodies.items() if len(found) > 1]
