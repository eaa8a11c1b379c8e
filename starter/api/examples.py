"""Examples of what is sent, shown in the schema; the tests send every one of them."""

from typing import Any

Examples = dict[str, Any]

COMPLAINTS: Examples = {
    "by telephone": {
        "value": {
            "channel": "phone",
            "customer": {"name": "李华", "phone": "010 6552 9988", "language": "zh"},
            "category": "supply_pressure",
            "severity": 3,
            "narrative": "每天晚上七点以后燃气压力不足，热水器点不着。",
            "demand": "尽快上门检查",
        }
    },
    "from a web form": {
        "value": {
            "channel": "web",
            "source_ref": "form-20260301-17",
            "received_at": "2026-03-01T09:30:00+08:00",
            "customer": {"id": "GAS-0042", "name": "Ann Lee", "email": "ann.lee@example.org"},
            "narrative": "The engineer did not come, for the second time.",
        }
    },
}


def _one(**body: Any) -> Examples:
    return {"example": {"value": body}}


COMMAND_BODIES: dict[str, Examples] = {
    "acknowledge": _one(way="phone"),
    "appeal": _one(reason="The customer says that the meter was never read."),
    "assess": {
        "valid": {"value": {"decision": "valid"}},
        "invalid": {"value": {"decision": "invalid", "ground": "no_service_failure", "evidence": "Visit of 3 March."}},
    },
    "assign": _one(handler="per_0123456789ab", reason="Knows the district."),
    "claim": _one(),
    "close": _one(),
    "correct": {
        "a code": {"value": {"field": "category", "code": "repair_late", "reason": "It is about the appointment."}},
        "personal data": {"value": {"field": "email", "text": "ann.lee@example.org"}},
    },
    "explain": _one(way="phone", letter="We explained that the pipe belongs to the house."),
    "note": _one(text="Called back, nobody answered."),
    "reopen": _one(reason="The same fault came back."),
    "respond": _one(
        way="email",
        letter="We have replaced the valve. We are sorry for the two missed visits.",
        outcome="upheld",
        cause="process",
        remedies=["apology", "repair"],
    ),
    "start_investigation": _one(),
    "withdraw": _one(reason="The fault is gone.", confirmed_by="phone"),
}

RETRY: Examples = _one(reason="The mail server is back.")
SKIP: Examples = _one(reason="The customer was told by phone.")
RETRY_MANY: Examples = {
    "those named": {"value": {"ids": ["C-2026-000001.response_letter.1"]}},
    "all of a kind": {"value": {"kind": "response_letter", "reason": "The mail server is back."}},
}
SKIP_MANY: Examples = {
    "those named": {"value": {"ids": ["C-2026-000001.acknowledgement.1"], "reason": "The customers were called."}}
}
PERSON: Examples = _one(name="Wang Wei", roles=["handler"], team="north", languages=["zh", "en"])
