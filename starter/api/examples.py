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


WEBHOOK: Examples = {
    "everything": {"value": {"url": "https://crm.example.org/hooks/amends"}},
    "what ends and what breaks": {
        "value": {
            "url": "https://crm.example.org/hooks/amends",
            "types": ["complaint.closed", "complaint.withdrawn", "clock.*"],
            "description": "The customer file",
        }
    },
}
WEBHOOK_CHANGE: Examples = {
    "switch on again": {"value": {"state": "active"}},
    "other events": {"value": {"types": ["complaint.*"]}},
}
REPLAY: Examples = {
    "one day": {"value": {"begin": "2026-03-01T00:00:00+08:00", "end": "2026-03-02T00:00:00+08:00"}},
}
LINKS: Examples = {
    "the customer's page": {"value": {"purpose": "case"}},
    "a partner's question": {"value": {"purpose": "partner", "number": 1}},
}


def _one(**body: Any) -> Examples:
    return {"example": {"value": body}}


PREVIEW: Examples = {
    "an answer": {"value": {"text": "We have replaced the valve, because the old one leaked."}},
    "a text message": {"value": {"way": "sms", "text": "The part arrives on Friday."}},
}
BOUNCE: Examples = {
    "a mailbox that is gone": {
        "value": {"message_id": "<0b5d2f@example.org>", "permanent": True, "code": "mailbox_unknown"}
    },
    "only delayed": {"value": {"message_id": "<0b5d2f@example.org>", "permanent": False}},
}
CONTACT: Examples = _one(opted_out=["sms"], quiet_hours={"begin": "20:00", "end": "09:00", "ways": ["sms", "call"]})
CORRESPONDENT: Examples = _one(email="desk@fitters.example.org", language="zh")

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
    "confirm": _one(satisfaction=5, reason="Quick and friendly."),
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
    "acknowledge_escalation": _one(),
    "approve_extension": _one(clock="final_response"),
    "approve_redress": _one(number=1),
    "recalculate_clocks": _one(calendar="every-day@1", reason="The make-up days for 2027 were announced."),
    "change_policy": _one(policy="plain@1", reason="The customer is not covered by the other one."),
    "escalate": _one(level=2, reason="The customer threatens to go to the press."),
    "extend": _one(
        clock="final_response",
        until="2026-03-20T16:00:00+08:00",
        way="email",
        letter="The part has to be ordered; we expect to finish by 20 March.",
    ),
    "hold": _one(kind="customer", until="2026-03-10T16:00:00+08:00", reason="Photographs were asked for."),
    "link_incident": _one(incident="pressure-drop-2026-03"),
    "mark_posted": _one(item="response_letter.1", tracking="RR123456789CN"),
    "record_call": _one(item="update_letter.1", result="no_answer"),
    "merge": _one(into="C-2026-000001"),
    "partner_reply": _one(number=1, answer="The fitter was there at 10:40; the report is attached."),
    "pay_redress": _one(number=1, proof="PAY-2026-0317"),
    "plan_callback": _one(window_from="2026-03-10T09:00:00+08:00", window_to="2026-03-10T11:30:00+08:00"),
    "record_external_outcome": _one(decision="not_upheld"),
    "record_visit": {
        "settled": {
            "value": {
                "way": "phone",
                "result": "reached",
                "carried_out": True,
                "matches_answer": True,
                "solved": "yes",
                "satisfaction": 5,
                "items": {"speed": 4, "manner": 5, "result": 5, "communication": 4},
            }
        },
        "not reached": {"value": {"way": "phone", "result": "no_answer"}},
    },
    "refer_external": _one(body="ombudsman", their_reference="OMB-77123"),
    "reject_redress": _one(number=1, reason="The bill was right."),
    "request_partner": _one(partner="city_fitters", question="When was your fitter there, and what was found?"),
    "request_redress": _one(kind="goodwill", money={"amount": "50.00", "currency": "CNY"}),
    "resume": _one(kind="customer"),
    "to_stage_two": _one(reason="The customer does not accept the answer."),
    "unlink_incident": _one(reason="It was another cause."),
    "unmerge": _one(reason="The two are about different meters."),
    "update_customer": _one(way="phone", letter="Told the customer that the part arrives on Friday."),
    "withdraw": _one(reason="The fault is gone.", confirmed_by="phone"),
}

RETRY: Examples = _one(reason="The mail server is back.")
AMEND: Examples = {
    "later": {"value": {"not_before": "2026-03-02T09:00:00+08:00", "reason": "The mail server is mended tonight."}},
    "another way": {"value": {"way": "email", "reason": "The text message gateway is down."}},
}
SKIP: Examples = _one(reason="The customer was told by phone.")
ABORT: Examples = _one(reason="The customer moved away and cannot be reached by any way.")
RETRY_MANY: Examples = {
    "those named": {"value": {"ids": ["C-2026-000001.response_letter.1"]}},
    "all of a cause": {
        "value": {
            "kind": "response_letter",
            "error": "mail_server_away",
            "since": "2026-03-01T09:30:00+08:00",
            "per_second": 10,
            "reason": "The mail server is back.",
        }
    },
    "a look at all": {"value": {"dry_run": True}},
}
SKIP_MANY: Examples = {
    "those named": {"value": {"ids": ["C-2026-000001.acknowledgement.1"], "reason": "The customers were called."}}
}
PERSON: Examples = _one(name="Wang Wei", roles=["handler"], team="north", languages=["zh", "en"])


def of_many(command: str) -> Examples:
    """Examples of one command for many cases: those named, and those of a filter, looked at first."""
    body = next(iter(COMMAND_BODIES[command].values()))["value"]
    return {
        "those named": {"value": {"references": ["C-2026-000001", "C-2026-000002"], "body": body}},
        "a look at those of a filter": {
            "value": {"filter": {"status": ["accepted"], "category": "repair_late"}, "body": body, "dry_run": True}
        },
    }


FIND_CUSTOMER: Examples = {
    "by telephone": {"value": {"phone": "010 6552 9988"}},
    "by a case": {"value": {"reference": "C-2026-000001"}},
}
LEGAL_HOLD: Examples = {"a lawsuit": {"value": {"reason": "Proceedings before the district court."}}}
SEARCH_NARRATIVES: Examples = {
    "a smell, in open cases": {
        "value": {"contains": "smell of gas", "filter": {"status": ["received", "assessing"]}, "scan": 500}
    }
}
