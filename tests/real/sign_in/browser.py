"""A browser made of an HTTP client: follows redirects, fills in the provider's own forms, keeps its cookies."""

import re
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

STEPS = 20


def form_of(page: str) -> tuple[str, dict[str, str]]:
    """The address and the hidden fields of the first form."""
    action = re.search(r'<form[^>]*action="([^"]+)"', page)
    assert action, page
    fields = {name: value for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)}
    return unescape(action[1]), {name: unescape(value) for name, value in fields.items()}


async def to_callback(client: httpx.AsyncClient, start: str, account: str, *, cancel: bool = False) -> str:
    """From our start address through the provider's login and consent pages; the address of our callback, not yet asked for."""
    answer = await client.get(start)
    for _ in range(STEPS):
        if answer.is_redirect:
            url = urljoin(str(answer.url), answer.headers["location"])
            if urlsplit(url).path.endswith("/callback"):
                return url
            answer = await client.get(url)
            continue
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}"
        if cancel:
            away = re.search(r'href="([^"]+/abort)"', answer.text)
            assert away, answer.text
            answer = await client.get(urljoin(str(answer.url), unescape(away[1])))
            continue
        action, fields = form_of(answer.text)
        if "login" in answer.text and 'name="login"' in answer.text:
            fields |= {"login": account, "password": "any"}
        answer = await client.post(
            urljoin(str(answer.url), action), data=fields, headers={"Origin": str(answer.url.copy_with(raw_path=b"/"))[:-1]}
        )
    raise AssertionError("the provider never came back")


def query_of(url: str) -> dict[str, str]:
    """Its parameters, each once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
