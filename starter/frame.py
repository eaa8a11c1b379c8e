"""Customers as the frame of surveys: taken in one by one or as a CSV file, their identities sealed in the vault.

A customer number that is known renews what is known of that customer; the random number by which samples are drawn
stays for life. A file is checked whole before anything of it is written.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from domain.privacy import Identity, Language
from domain.surveys.sampling.random_numbers import permanent_random_numbers
from starter.bodies import Line
from starter.customers import CustomerForm, identify
from starter.problems import FieldError, field_errors, invalid
from storage.frame import Customer, Frame
from storage.identities import LookupField, normalise_account
from storage.intakes import serialise, source_key
from storage.pool import Connection, Pool, transaction
from storage.vault import Vault

MOST_ROWS = 20_000
ROWS_AT_ONCE = 200
OWN_COLUMNS = ("id", "name", "phone", "email", "address", "language", "district", "customer_type", "active")
FORMS_OF_NO = frozenset({"0", "no", "false", "n", "否"})

Label = Annotated[Line, StringConstraints(max_length=64)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class FrameForm(CustomerForm):
    """A customer of the frame: the customer number, the identity, and what samples and results are told apart by."""

    id: Label = Field(description="your own customer number")
    district: Label | None = None
    customer_type: Label | None = None
    attributes: dict[Attribute, Label] = Field({}, max_length=50, description="further ones, for segments and quotas")
    active: bool = Field(True, description="false for somebody who is no customer any more", strict=True)

    def who(self) -> CustomerForm:
        """The part that the vault keeps."""
        return CustomerForm.model_validate(self.model_dump(include=set(CustomerForm.model_fields)))


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to."""

    added: int
    renewed: int


class FrameDesk:
    """Takes customers into the frame."""

    def __init__(self, pool: Pool, vault: Vault, frame: Frame, secret: bytes, region: str) -> None:
        self._pool = pool
        self._vault = vault
        self._frame = frame
        self._secret = secret
        self._number_key = hashlib.sha256(b"permanent random numbers\x00" + secret).digest()
        self._region = region

    async def put(self, form: FrameForm) -> tuple[str, bool]:
        """Take a customer in, or renew it: its id, and whether it is new. Raises `Problem` 422."""
        identity, errors = identify(form.who(), self._region)
        if identity is None or errors:
            raise invalid(errors)
        async with transaction(self._pool) as connection:
            return await self._put(connection, form, identity, datetime.now(UTC))

    async def bring_in(self, content: bytes) -> Imported:
        """Take a CSV file in: columns `id`, `name`, `phone`, `email`, `address`, `language`, `district`,
        `customer_type`, `active`, and further ones as attributes. Raises `Problem` 422 with every faulty cell.
        """
        forms = self._understood(content)
        added = 0
        for start in range(0, len(forms), ROWS_AT_ONCE):
            async with transaction(self._pool) as connection:
                for form, identity in forms[start : start + ROWS_AT_ONCE]:
                    _, is_new = await self._put(connection, form, identity, datetime.now(UTC))
                    added += is_new
        return Imported(added, len(forms) - added)

    def _understood(self, content: bytes) -> list[tuple[FrameForm, Identity]]:
        forms: list[tuple[FrameForm, Identity]] = []
        errors: list[FieldError] = []
        seen: dict[str, int] = {}
        for number, row in _rows(content):
            try:
                form = FrameForm.model_validate(_fields(row))
            except ValidationError as error:
                errors += (_in_row(number, found) for found in field_errors(error.errors()))
                continue
            identity, wrong = identify(form.who(), self._region)
            errors += (_in_row(number, found) for found in wrong)
            if identity is not None and not wrong:
                account = normalise_account(form.id)
                if account in seen:
                    errors.append(FieldError(f"/rows/{number}/id", f"the same customer stands in row {seen[account]}"))
                seen[account] = number
                forms.append((form, identity))
        if errors:
            raise invalid(errors)
        return forms

    async def _put(self, connection: Connection, form: FrameForm, identity: Identity, at: datetime) -> tuple[str, bool]:
        account = normalise_account(form.id)
        key = source_key(self._secret, "account", account)
        await serialise(connection, key)
        subject = await self._subject(connection, form, identity, key, at)
        customer = Customer(
            subject=subject,
            random_number=float(permanent_random_numbers(self._number_key, [account])[0]),
            district=form.district or "",
            customer_type=form.customer_type or "",
            attributes=dict(form.attributes),
            language=form.language or Language.ZH,
            has_email=identity.email is not None,
            has_phone=identity.phone is not None,
            is_active=form.active,
            opted_out_at=None,
        )
        return subject, await self._frame.put(connection, customer, key, at)

    async def _subject(
        self, connection: Connection, form: FrameForm, identity: Identity, key: bytes, at: datetime
    ) -> str:
        """The data subject behind the number: in the frame, known from a complaint, or new."""
        known = await self._frame.subject_of(connection, key)
        if known is None:
            found = await self._vault.subjects_seen_by(connection, LookupField.ACCOUNT, form.id)
            known = found[0] if found else None
        if known is None:
            return await self._vault.create_subject(connection, identity, at=at)
        changes = identity.model_dump(exclude_none=True)
        digest = hashlib.sha256(identity.model_dump_json().encode()).hexdigest()[:32]
        await self._vault.update_identity(connection, known, changes, f"frame:{digest}", at=at)
        return known


def _rows(content: bytes) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of the file, counted as a spreadsheet counts them. Raises `Problem` 422."""
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True, restkey="")
        headings = [heading.strip() for heading in lines.fieldnames or []]
        lines.fieldnames = headings
        if "id" not in headings or len(set(headings)) < len(headings):
            raise invalid([FieldError("/headings", "expected different headings, a column id among them")])
        for number, row in enumerate(lines, start=2):
            if number > MOST_ROWS + 1:
                raise invalid([FieldError(f"/rows/{number}", f"a file has at most {MOST_ROWS} rows")])
            if None in row.values() or "" in row:
                raise invalid([FieldError(f"/rows/{number}", f"{len(headings)} cells are expected")])
            yield number, row
    except (UnicodeDecodeError, csv.Error) as error:
        raise invalid([FieldError("", f"no CSV in UTF-8: {type(error).__name__}")]) from None


def _fields(row: Mapping[str, str]) -> dict[str, Any]:
    given = {name: cell.strip() for name, cell in row.items() if cell.strip()}
    own: dict[str, Any] = {name: given[name] for name in OWN_COLUMNS if name in given}
    if "active" in own:
        own["active"] = own["active"].lower() not in FORMS_OF_NO
    further = {name: cell for name, cell in given.items() if name not in OWN_COLUMNS}
    return own | ({"attributes": further} if further else {})


def _in_row(number: int, error: FieldError) -> FieldError:
    return FieldError(f"/rows/{number}{error.pointer}", error.message)
