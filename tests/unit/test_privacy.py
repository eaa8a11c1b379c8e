"""Personal data as documents: bounds, masks, normal forms and the ring of master keys."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.privacy import PERSONAL_FIELDS, DataClass, Identity, TextKind, mask, mask_identity
from storage.identities import LookupField, blind_digest, normalise_account, normalise_email, normalise_phone
from storage.keys import BrokenSealError, MasterKeyError, MasterKeys, MissingKeyError, seal, unseal

OLD, NEW = (base64.b64encode(hashlib.sha256(name).digest()).decode() for name in (b"old", b"new"))


@pytest.mark.parametrize(
    ("field", "value", "masked"),
    [
        ("phone", "+86 138 0013 8067", "***67"),
        ("phone", "12345", "***"),
        ("email", "wang.xiaoming@example.org", "w***@example.org"),
        ("email", "not an address", "***"),
        ("name", "王小明", "王***"),
        ("name", "Ann Lee", "A***"),
        ("account", "GAS-0042-17", "***17"),
        ("address", "北京市朝阳区 1 号", "***"),
        ("narrative", "the boiler went out", "***"),
        ("language", "zh", "zh"),
    ],
)
def test_a_masked_value_keeps_only_what_helps_to_recognise_it(field: str, value: str, masked: str) -> None:
    assert mask(field, value) == masked


def test_masking_an_identity_leaves_unknown_fields_out() -> None:
    assert mask_identity(Identity(name="王小明", phone="13800138067")) == {"name": "王***", "phone": "***67"}


def test_every_field_of_an_identity_and_every_kind_of_text_has_a_data_class() -> None:
    assert set(PERSONAL_FIELDS) == set(Identity.model_fields) | set(TextKind)


@given(st.text(min_size=1, max_size=60))
def test_a_mask_gives_away_at_most_two_characters_unless_it_is_a_domain(value: str) -> None:
    for field, personal in PERSONAL_FIELDS.items():
        if personal.data_class is not DataClass.PREFERENCE and "@" not in value:
            kept = mask(field, value).replace("***", "")
            assert len(kept) <= 2, field


def test_an_identity_bounds_its_fields_and_refuses_unknown_ones_without_quoting_them() -> None:
    with pytest.raises(ValidationError) as refusal:
        Identity.model_validate({"name": "x" * 201, "fax": "CANARY", "email": "", "language": "CANARY"})
    assert {error["loc"][0] for error in refusal.value.errors()} == {"name", "fax", "email", "language"}
    assert "CANARY" not in str(refusal.value)


# Published examples: E.164 (ITU-T, 2010) writes numbers as + and at most 15 digits; UK drama numbers by Ofcom.
@pytest.mark.parametrize(
    ("written", "region", "normal"),
    [
        ("010-6552-9988", "CN", "+861065529988"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "CN", "+442079460018"),
        ("0044 20 7946 0018", "GB", "+442079460018"),
        ("(202) 456-1111 ext. 5", "US", "+12024561111"),
    ],
)
def test_phone_numbers_are_normalised_to_e164(written: str, region: str, normal: str) -> None:
    assert normalise_phone(written, region) == normal


@pytest.mark.parametrize("written", ["", "12", "call me", "1" * 40, "+999 1234"])
def test_what_is_no_phone_number_is_refused_with_what_was_expected(written: str) -> None:
    with pytest.raises(ValueError, match="expected a phone number"):
        normalise_phone(written, "CN")


def test_an_email_keeps_the_case_of_its_local_part_only() -> None:
    assert normalise_email(" Ann.Lee@EXAMPLE.Org ") == "Ann.Lee@example.org"


@pytest.mark.parametrize("written", ["", "ann", "ann@", "@example.org", "ann@localhost", "a b@example.org"])
def test_what_is_no_email_is_refused_with_what_was_expected(written: str) -> None:
    with pytest.raises(ValueError, match="expected an e-mail address"):
        normalise_email(written)


def test_an_account_number_is_found_however_it_is_grouped() -> None:
    assert normalise_account(" gas-００42 17") == "GAS004217"
    with pytest.raises(ValueError, match="expected an account number"):
        normalise_account("--")


@given(st.text(max_size=60))
def test_any_text_is_either_normalised_for_good_or_refused(written: str) -> None:
    for normalise in (lambda text: normalise_phone(text, "CN"), normalise_email, normalise_account):
        try:
            normal = normalise(written)
        except ValueError:
            continue
        assert normalise(normal) == normal


def test_a_blind_index_is_an_hmac_sha256_of_field_and_value() -> None:
    expected = hmac.new(b"k" * 32, b"phone\x00+8613800138000", hashlib.sha256).digest()
    assert blind_digest(b"k" * 32, LookupField.PHONE, "+8613800138000") == expected


def test_keys_are_derived_by_hkdf_sha256_as_rfc_5869_says() -> None:
    def hkdf(secret: bytes, purpose: str) -> bytes:  # RFC 5869, 2.2 and 2.3, with no salt and one block of output
        extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
        return hmac.new(extracted, f"amends/{purpose}/1".encode() + b"\x01", hashlib.sha256).digest()

    master = hashlib.sha256(b"old").digest()
    keys = MasterKeys.parse(f"k1:{OLD}")
    assert keys.wrapping("k1") == hkdf(master, "wrapping")
    assert keys.payload("k1") == hkdf(master, "payload")
    assert keys.blind_index() == hkdf(hkdf(master, "standing"), "blind-index")


def test_every_purpose_has_a_key_of_its_own() -> None:
    keys = MasterKeys.parse(OLD)
    derived = {
        keys.wrapping(keys.newest),
        keys.payload(keys.newest),
        keys.blind_index(),
        keys.command_ids(),
        keys.anchor(),
        keys.fingerprint(),
    }
    assert len(derived) == 6


def test_a_ring_is_read_newest_first_from_commas_or_lines() -> None:
    for text in (f"k2:{NEW},k1:{OLD}", f"k2:{NEW}\nk1:{OLD}\n"):
        keys = MasterKeys.parse(text)
        assert keys.ids == ("k2", "k1")
        assert keys.newest == "k2"


def test_a_bare_key_always_gets_the_same_id() -> None:
    assert MasterKeys.parse(OLD).ids == MasterKeys.parse(OLD).ids != MasterKeys.parse(NEW).ids


@pytest.mark.parametrize(
    "text",
    ["", "secret", f"k1:{OLD[:-8]}", f"k1:{OLD},k1:{NEW}", f"K 1:{OLD}", base64.b64encode(bytes(32)).decode()],
)
def test_a_ring_that_cannot_be_used_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(MasterKeyError) as refusal:
        MasterKeys.parse(text)
    assert not any(part in str(refusal.value) for part in (OLD[:20], NEW[:20], "secret"))


def test_standing_keys_survive_rotation_retirement_and_the_way_through_a_file() -> None:
    first = MasterKeys.generate()
    second = first.rotated()
    third = second.rotated().retired(first.newest).retired(second.newest)
    for ring in (second, third, MasterKeys.parse(third.reveal())):
        assert ring.command_ids() == first.command_ids()
        assert ring.blind_index() == first.blind_index()
        assert ring.anchor() == first.anchor()
    assert third.wrapping(third.newest) != first.wrapping(first.newest)
    with pytest.raises(MissingKeyError, match=first.newest):
        third.wrapping(first.newest)


def test_no_key_shows_when_a_ring_is_printed() -> None:
    keys = MasterKeys.parse(f"k2:{NEW},k1:{OLD}")
    for shown in (repr(keys), str(keys), f"{keys}"):
        assert shown == "MasterKeys(ids=k2, k1)"


@given(st.binary(max_size=200), st.text(max_size=20), st.integers(min_value=0), st.integers(1, 255))
def test_sealed_bytes_open_at_their_place_only_and_not_when_one_bit_differs(
    plain: bytes, place: str, position: int, difference: int
) -> None:
    key = hashlib.sha256(b"key").digest()
    sealed = seal(key, plain, place)
    assert unseal(key, sealed, place) == plain
    altered = bytearray(sealed)
    altered[position % len(sealed)] ^= difference
    for broken, where in ((bytes(altered), place), (sealed, place + "x"), (sealed[:11], place)):
        with pytest.raises(BrokenSealError):
            unseal(key, broken, where)
