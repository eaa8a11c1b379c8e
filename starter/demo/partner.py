"""A partner of the demonstration: opens the link it was given and answers on the page, as a person would."""

import asyncio
import re
from urllib.parse import urlsplit

import httpx

from starter.demo.people import PAUSE_SECONDS, TRIES, Person

_KEY = re.compile(r'name="key" value="([^"]+)"')


async def answer_by_link(handler: Person, reference: str, number: int, text: str) -> None:
    """The handler hands the link over, the partner answers. Raises TimeoutError when the page does not take it."""
    body = {"purpose": "partner", "number": number}
    given = await handler.send("POST", f"/v1/complaints/{reference}/links", json=body)
    path, client = urlsplit(given["url"]).path, handler.client
    form = None
    for _ in range(TRIES):
        try:
            if form is None:
                form = {"key": _key_on(await client.get(path)), "text": text}
            sent = await client.post(path, data=form)
        except httpx.TransportError:
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        if sent.status_code in {201, 409}:  # taken now, or by an earlier try whose answer was lost
            return
        await asyncio.sleep(PAUSE_SECONDS)
    raise TimeoutError(f"the partner's page of {reference} was not answered in {TRIES} tries")


def _key_on(page: httpx.Response) -> str:
    found = _KEY.search(page.text)
    if found is None:
        raise httpx.ReadError(f"the partner's page says {page.status_code}")
    return found.group(1)
