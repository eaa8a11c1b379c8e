"""The ids under which a request is done once: the same for the same request, and never for another."""

import hashlib
import hmac
import re
from itertools import product

from starter.keys import KEY_LENGTH, RequestKeys, body_digest

KEYS = RequestKeys(b"s" * 32)


def test_the_record_of_an_answer_is_a_keyed_hash_over_person_route_and_key() -> None:
    expected = hmac.new(b"s" * 32, b"answer\x00per_1\x00POST /v1/complaints\x00k", hashlib.sha256).digest()
    assert KEYS.record("per_1", "POST /v1/complaints", "k") == expected


def test_two_requests_never_share_a_record() -> None:
    people, routes, keys = ("per_1", "per_2"), ("POST /a", "POST /b"), ("k", "l")
    assert len({KEYS.record(*parts) for parts in product(people, routes, keys)}) == 8
    assert KEYS.record("per_1", "POST /a", "b\x00k") != KEYS.record("per_1", "POST /a\x00b", "c")
    assert RequestKeys(b"t" * 32).record("per_1", "POST /a", "k") != KEYS.record("per_1", "POST /a", "k")


def test_a_repeated_command_has_the_same_id_and_names_itself() -> None:
    once = KEYS.submission("assess", "per_1", "C-2026-000001", "k")
    assert once == KEYS.submission("assess", "per_1", "C-2026-000001", "k")
    assert re.fullmatch(r"assess-[0-9a-f]{32}", once)
    others = {
        KEYS.submission("close", "per_1", "C-2026-000001", "k"),
        KEYS.submission("assess", "per_2", "C-2026-000001", "k"),
        KEYS.submission("assess", "per_1", "C-2026-000002", "k"),
        KEYS.submission("assess", "per_1", "C-2026-000001", "l"),
    }
    assert len(others | {once}) == 5


def test_a_command_without_a_key_is_always_another() -> None:
    ids = {KEYS.submission("note", "per_1", "C-2026-000001", None) for _ in range(100)}
    assert len(ids) == 100


def test_no_text_of_a_caller_becomes_part_of_an_id() -> None:
    assert "secret" not in KEYS.submission("note", "per_1", "C-2026-000001", "secret")
    assert "secret" not in KEYS.file("per_1", "C-2026-000001", "secret")


def test_the_texts_of_a_repeated_command_are_the_same_and_of_each_field_another() -> None:
    submission = KEYS.submission("respond", "per_1", "C-2026-000001", "k")
    assert KEYS.text(submission, "letter") == KEYS.text(submission, "letter")
    assert KEYS.text(submission, "letter") != KEYS.text(submission, "reason")
    assert re.fullmatch(r"txt_[0-9a-f]{32}", KEYS.text(submission, "letter"))


def test_a_file_handed_in_again_is_the_same_file() -> None:
    assert KEYS.file("per_1", "C-2026-000001", "k") == KEYS.file("per_1", "C-2026-000001", "k")
    assert re.fullmatch(r"att_[0-9a-f]{32}", KEYS.file("per_1", "C-2026-000001", "k"))
    assert KEYS.file("per_1", "C-2026-000001", None) != KEYS.file("per_1", "C-2026-000001", None)


def test_a_body_is_told_from_another_by_sha_256() -> None:
    assert body_digest(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert KEY_LENGTH == 255
