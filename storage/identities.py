"""How a phone number, an e-mail address and an account number are brought to the one form in which they are found.

Owns the normal forms and their keyed hashes (blind indexes). It keeps no table; `storage.vault` does.
"""

import hashlib
import hmac
import unicodedata
from enum import StrEnum

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from domain.privacy import Identity

_EXPECTED_PHONE = "expected a phone number with its area code, such as 010 6552 9988 or +44 20 7946 0018"
_EXPECTED_EMAIL = "expected an e-mail address such as name@example.org"
_EXPECTED_ACCOUNT = "expected an account number with at least one letter or digit"


class LookupField(StrEnum):
    """What a subject can be found by."""

    PHONE = "phone"
    EMAIL = "email"
    ACCOUNT = "account"


class IdentityError(ValueError):
    """An identity that cannot be indexed; `problems` holds (field, what was expected) and never the value."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {expected}" for field, expected in problems))
        self.problems = tuple(problems)


def normalise_phone(phone: str, default_region: str) -> str:
    """E.164 form of a phone number written in any usual way; raises ValueError.

    Only the length is checked, not whether the range is in use: numbering plans change faster than libraries, and a
    complaint must not be refused for it. An extension is left out.
    """
    try:
        number = phonenumbers.parse(phone, default_region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(_EXPECTED_PHONE) from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError(_EXPECTED_PHONE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalise_email(email: str) -> str:
    """The address with its domain in lower case and Unicode composed (RFC 5321, RFC 6531); raises ValueError.

    The part before the @ keeps its case, as only its own server may say that two spellings are one.
    """
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(_EXPECTED_EMAIL) from error


def normalise_account(account: str) -> str:
    """The letters and digits of an account number in upper case; raises ValueError if there are none."""
    kept = "".join(c for c in unicodedata.normalize("NFKC", account).upper() if c.isalnum())
    if not kept:
        raise ValueError(_EXPECTED_ACCOUNT)
    return kept


def normalise(field: LookupField, value: str, default_region: str) -> str:
    """The normal form of a field that subjects are found by; raises ValueError."""
    match field:
        case LookupField.PHONE:
            return normalise_phone(value, default_region)
        case LookupField.EMAIL:
            return normalise_email(value)
        case LookupField.ACCOUNT:
            return normalise_account(value)


def lookup_terms(identity: Identity, default_region: str) -> dict[LookupField, str]:
    """The normal form of every field of an identity that it can be found by; raises IdentityError with all problems."""
    terms: dict[LookupField, str] = {}
    problems: list[tuple[str, str]] = []
    for field in LookupField:
        value = getattr(identity, field.value)
        if value is None:
            continue
        try:
            terms[field] = normalise(field, value, default_region)
        except ValueError as error:
            problems.append((field.value, str(error)))
    if problems:
        raise IdentityError(problems)
    return terms


def blind_digest(key: bytes, field: LookupField, term: str) -> bytes:
    """Keyed hash of a normal form (HMAC-SHA256, RFC 2104): equal values are found, none can be read."""
    return hmac.digest(key, f"{field.value}\0{term}".encode(), hashlib.sha256)
