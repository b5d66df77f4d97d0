"""The one cookie: set at sign-in and whenever the session's token changes."""

from fastapi import Response

from auricle.web.guard import COOKIE
from auricle.web.signed_in import SignedIn


def give(response: Response, session: SignedIn) -> None:
    """Put the session's token into the cookie that scripts cannot read."""
    response.set_cookie(COOKIE, session.token, secure=True, httponly=True, samesite="strict", path="/")


def take_back(response: Response) -> None:
    """Remove it."""
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")
