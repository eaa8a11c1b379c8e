"""Examples of what is sent about surveys, shown in the schema; the tests send every one of them."""

from typing import Any

from starter.api.examples import Examples

_MINIMAL: dict[str, Any] = {
    "format": "amends-survey/1",
    "id": "hotline_speed",
    "version": 1,
    "title": {"zh": "热线测评", "en": "The hotline"},
    "languages": ["zh", "en"],
    "index": {"method": "weighted_tree"},
    "sampling": {"method": "stratified", "size": 200, "strata": ["district"]},
    "fieldwork": {"channels": ["email"], "open_for": "P14D"},
    "indicators": {
        "id": "hotline",
        "title": {"zh": "热线满意度", "en": "Satisfaction with the hotline"},
        "scale_map": "minmax",
        "children": [
            {"id": "speed", "title": {"zh": "及时", "en": "Speed"}, "weight": 1.0, "question": "speed_rating"}
        ],
    },
    "questionnaire": {
        "introduction": {"zh": "只有一个问题。", "en": "There is one question."},
        "thanks": {"zh": "谢谢！", "en": "Thank you!"},
        "pages": [
            {
                "id": "only",
                "questions": [
                    {
                        "type": "rating",
                        "id": "speed_rating",
                        "text": {"zh": "接通是否及时？", "en": "How soon were you through?"},
                        "labels": {"1": {"zh": "很慢", "en": "Very late"}, "5": {"zh": "很快", "en": "At once"}},
                    }
                ],
            }
        ],
    },
}

SURVEY: Examples = {"a survey of one question": {"value": {"definition": _MINIMAL}}}
CUSTOMER: Examples = {
    "a household": {
        "value": {
            "id": "K-100234",
            "name": "李华",
            "email": "li.hua@example.com",
            "language": "zh",
            "district": "east",
            "customer_type": "household",
            "attributes": {"value_class": "a"},
        }
    }
}
WAVE: Examples = {"the newest version": {"value": {}}, "a named version": {"value": {"version": 1}}}
_BECAUSE = {"reason": "The mail server was away for two days."}
WAVE_COMMANDS: dict[str, Examples] = {
    name: {"example": {"value": value}}
    for name, value in {
        "launch": {},
        "pause": _BECAUSE,
        "resume": {},
        "extend": {"until": "2027-01-31T16:00:00Z", **_BECAUSE},
        "revise": {"version": 2, "reason": "The second question was misunderstood."},
        "close": {"reason": "Enough answers came."},
        "cancel": {"reason": "Another survey asks the same."},
        "release_reserve": {"reason": "The response rate is below the plan."},
        "sign_off": {
            "measures": [{"title": "A second fitter at week ends", "target": {"category": "repair_late"}}],
        },
        "retry_step": {"step": "invite.1", "reason": "The mail server is back."},
        "skip_step": {"step": "remind.1", "reason": "Too late for a reminder."},
    }.items()
}

RECURRENCE: Examples = {
    "in the field each quarter": {"value": {"every": "quarter", "day": 5, "launches": True}},
    "planned each year, launched by somebody": {"value": {"every": "year", "month": 9, "day": 1}},
}
TRY: Examples = {
    "nobody picked up": {"value": {"outcome": "no_answer"}},
    "call at another time": {"value": {"outcome": "call_back", "call_at": "2026-12-01T10:30:00+08:00"}},
}
ANSWERS: Examples = {
    "a whole interview": {"value": {"answers": {"speed_rating": 4}}},
    "broken off": {"value": {"answers": {}, "breaks_off": True, "language": "zh"}},
}
FOLLOW_UP: Examples = {"called back": {"value": {"outcome": "settled", "note": "The technician comes tomorrow."}}}
