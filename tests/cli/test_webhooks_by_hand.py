"""`amends webhook` against a running API."""

import json

from tests.cli.conftest import Amends

HOOK = "https://crm.example.org/hooks"


async def test_an_endpoint_is_added_listed_changed_rotated_and_removed(amends: Amends) -> None:
    made = json.loads((await amends("webhook", "add", HOOK, "--type", "complaint.*", "--json", by="admin")).output)
    assert (made["url"], made["types"], made["secret"][:6]) == (HOOK, ["complaint.*"], "whsec_")
    listed = await amends("webhook", "list", by="operator")
    assert made["id"] in listed.output
    assert made["secret"] not in listed.output
    changed = json.loads((await amends("webhook", "change", made["id"], "--off", "--json", by="admin")).output)
    assert changed["state"] == "disabled"
    rotated = json.loads((await amends("webhook", "rotate", made["id"], "--json", by="admin")).output)
    assert rotated["secret"] != made["secret"]
    await amends("webhook", "remove", made["id"], by="admin")
    assert made["id"] not in (await amends("webhook", "list", by="admin")).output


async def test_what_was_told_is_listed_and_told_again(amends: Amends) -> None:
    made = json.loads((await amends("webhook", "add", HOOK, "--json", by="admin")).output)
    assert "Nothing was told." in (await amends("webhook", "deliveries", made["id"], by="operator")).output
    window = ("--begin", "2026-03-01T00:00:00Z", "--end", "2026-03-02T00:00:00Z")
    told = json.loads((await amends("webhook", "replay", made["id"], *window, "--json", by="operator")).output)
    assert told == {"events": 0}


async def test_usage_and_refusals_have_their_exit_codes(amends: Amends) -> None:
    await amends("webhook", "add", "ftp://example.org", by="admin", code=2)
    await amends("webhook", "change", "whk_nothing", by="admin", code=2)
    await amends("webhook", "add", HOOK, by="operator", code=3)
    await amends("webhook", "remove", "whk_nothing", by="admin", code=1)
