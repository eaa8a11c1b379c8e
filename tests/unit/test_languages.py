import pytest

from starter.languages import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("ZH-Hant-TW", "zh"),
        ("en-GB,zh;q=0.5", "en"),
        ("en;q=0.2, zh;q=0.7", "zh"),
        ("de, fr;q=0.9", "en"),
        ("de, zh;q=0.1", "zh"),
        ("zh;q=0, *", "en"),
        ("zh;q=much, en;q=0.1", "en"),
        (";;;,,,q=1", "en"),
        ("zhx", "en"),
    ],
)
def test_the_best_language_that_we_have_is_taken(header: str | None, language: str) -> None:
    assert preferred_language(header) == language
