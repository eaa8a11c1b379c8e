"""Which fields are personal, of which class each is, and how each is masked where it may not be read.

Owns the identity of a data subject as a document and one table of personal fields. Sealing, look-up and erasure
belong to `storage.vault`; who may read what belongs to `domain.access`.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

HIDDEN = "***"


class Language(StrEnum):
    """Language in which a customer is written to."""

    ZH = "zh"
    EN = "en"


class ContactWay(StrEnum):
    """Way in which a customer wants to be reached."""

    PHONE = "phone"
    SMS = "sms"
    EMAIL = "email"
    LETTER = "letter"
    VISIT = "visit"


class TextKind(StrEnum):
    """What a sealed free text is."""

    NARRATIVE = "narrative"
    DEMAND = "demand"
    EVIDENCE = "evidence"
    NOTE = "note"
    LETTER = "letter"
    REASON = "reason"
    ANSWER = "answer"


class DataClass(StrEnum):
    """Why a field is personal, which decides how it is sealed, masked and kept."""

    IDENTITY = "identity"  # says who the person is
    CONTACT = "contact"  # reaches the person
    PREFERENCE = "preference"  # says how the person wants to be treated; reveals nobody by itself
    FREE_TEXT = "free_text"  # may say anything about anybody
    FILE = "file"  # may show anything about anybody


class Act(StrEnum):
    """What was done with the personal data of a subject, as the log of personal data names it."""

    FOUND = "found"  # looked up by a phone number, an address or a customer number
    READ = "read"
    SEARCHED = "searched"  # opened by a search in narratives
    EXPORTED = "exported"
    HOLD_SET = "hold_set"
    HOLD_LIFTED = "hold_lifted"
    ERASURE_DEFERRED = "erasure_deferred"
    FORGOTTEN = "forgotten"  # texts or files went, as their time was over
    ERASED = "erased"


IDENTIFYING = (DataClass.IDENTITY, DataClass.CONTACT, DataClass.PREFERENCE)
"""The classes of an identity, which is sealed and opened whole."""


Phone = Annotated[str, StringConstraints(max_length=40)]
Email = Annotated[str, StringConstraints(max_length=254)]  # RFC 5321, 4.5.3.1.3


class Identity(BaseModel):
    """Who a data subject is and how to reach the person; every field may be missing, as callers may be anonymous."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        str_min_length=1,
        hide_input_in_errors=True,  # the text of a refusal may reach a log
    )

    name: str | None = Field(default=None, max_length=200)
    phone: Phone | None = None
    email: Email | None = None
    address: str | None = Field(default=None, max_length=500)
    account: str | None = Field(default=None, max_length=64)
    language: Language | None = None
    preferred_contact: ContactWay | None = None
    preferred_hours: str | None = Field(default=None, max_length=100)


class PersonalField(BaseModel):
    """The data class of one field and the mask that takes its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_class: DataClass
    mask: Callable[[str], str]


def mask_name(name: str) -> str:
    """Keep the first character: in Chinese the family name, elsewhere an initial."""
    return f"{name[:1]}{HIDDEN}"


def mask_phone(phone: str) -> str:
    """Keep the last two digits; fewer than six digits are hidden whole."""
    digits = [character for character in phone if character.isdigit()]
    return HIDDEN + ("".join(digits[-2:]) if len(digits) >= 6 else "")


def mask_email(email: str) -> str:
    """Keep the first letter and the domain."""
    local, at, mail_domain = email.rpartition("@")
    return f"{local[:1]}{HIDDEN}@{mail_domain}" if at else HIDDEN


def hide(_value: str) -> str:
    """Keep nothing."""
    return HIDDEN


def keep(value: str) -> str:
    """Keep all: a preference names nobody."""
    return value


PERSONAL_FIELDS: Mapping[str, PersonalField] = {
    "name": PersonalField(data_class=DataClass.IDENTITY, mask=mask_name),
    "account": PersonalField(data_class=DataClass.IDENTITY, mask=mask_phone),
    "phone": PersonalField(data_class=DataClass.CONTACT, mask=mask_phone),
    "email": PersonalField(data_class=DataClass.CONTACT, mask=mask_email),
    "address": PersonalField(data_class=DataClass.CONTACT, mask=hide),
    "language": PersonalField(data_class=DataClass.PREFERENCE, mask=keep),
    "preferred_contact": PersonalField(data_class=DataClass.PREFERENCE, mask=keep),
    "preferred_hours": PersonalField(data_class=DataClass.PREFERENCE, mask=hide),
    **{kind.value: PersonalField(data_class=DataClass.FREE_TEXT, mask=hide) for kind in TextKind},
}


def mask(field: str, value: str) -> str:
    """Mask the value of a personal field; raises KeyError for a field that is not personal."""
    return PERSONAL_FIELDS[field].mask(value)


def mask_identity(identity: Identity) -> dict[str, str]:
    """The fields of an identity that are known, each masked."""
    return {field: mask(field, value) for field, value in identity.model_dump(exclude_none=True).items()}
