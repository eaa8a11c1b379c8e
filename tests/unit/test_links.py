"""What a link is about, as its subject says it."""

from domain.links import LIFETIMES, PATHS, LinkPurpose, partner_subject, question_of


def test_every_purpose_has_a_place_and_a_lifetime() -> None:
    assert set(PATHS) == set(LIFETIMES) == set(LinkPurpose)
    assert len(set(PATHS.values())) == len(PATHS)


def test_the_subject_of_a_partners_link_says_which_question_it_is() -> None:
    assert question_of(partner_subject("C-2026-000123", 2)) == ("C-2026-000123", 2)
