"""The console's origin and the providers, out of the settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auricle.access.sso import Match
from auricle.app.settings import Settings, SettingsWrong, practice_of
from auricle.app.sign_in import joined_providers, public_origin
from fakes.sign_in import Watch

PEOPLE = [{"id": "dana-reyes", "name": "Dana Reyes", "extension": "101", "roles": ["front-desk"]}]


def settings(access: dict[str, Any] | None = None, **network: Any) -> Settings:
    return msgspec.convert(
        {
            "practice": {"name": "X", "zone": "UTC", "realm": "x.example"},
            "data": {"directory": "d"},
            "network": network,
            "people": PEOPLE,
            "access": access or {},
        },
        Settings,
    )


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        (settings(), "https://127.0.0.1:8443"),
        (settings(host="Phones.Example", console_port=443), "https://phones.example"),
        (settings({"public_origin": "https://Phones.example/"}), "https://phones.example"),
        (settings({"public_origin": "https://phones.example:443"}), "https://phones.example"),
        (settings({"public_origin": "https://phones.example:9443"}), "https://phones.example:9443"),
        (settings({"public_origin": "https://[::1]:9443"}), "https://[::1]:9443"),
    ],
)
def test_the_origin_is_written_as_browsers_write_it(given: Settings, origin: str) -> None:
    assert public_origin(given) == origin


@pytest.mark.parametrize(
    "text",
    [
        "http://phones.example",
        "phones.example",
        "https://",
        "https://x.example/path",
        "https://x.example?a",
        "https://u@x.example",
        "https://x:y",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(SettingsWrong, match="public_origin"):
        public_origin(settings({"public_origin": text}))


@dataclass
class Place:
    """A folder with the settings file and a secret."""

    path: Path

    def oidc(self, **changes: Any) -> dict[str, Any]:
        """A good provider, changed."""
        good = {
            "id": "clinic",
            "name": "Clinic",
            "issuer": "https://login.clinic.example",
            "client_id": "auricle",
            "client_secret_file": "secret",
            "people": {"u-17": "dana-reyes"},
        }
        return good | changes

    def joined(self, *oidc: dict[str, Any]) -> Any:
        """The providers."""
        given = settings({"oidc": list(oidc)})
        return joined_providers(given, self.path, practice_of(given), Watch())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "empty").write_text("\n")
    return Place(tmp_path)


def test_providers_come_out_of_the_settings(place: Place) -> None:
    (joined,) = place.joined(place.oidc(match="email", people={" Dana@Clinic.example": "dana-reyes"}, allowed_domains=["Clinic.Example"]))
    assert joined.provider.match is Match.EMAIL
    assert dict(joined.provider.people) == {"dana@clinic.example": "dana-reyes"}
    assert joined.provider.allowed_domains == {"clinic.example"}
    assert "s3cret" not in repr(joined)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"people": {"u-17": "nobody"}}, "no person 'nobody'"),
        ({"client_secret_file": "missing"}, "cannot be read"),
        ({"client_secret_file": "empty"}, "is empty"),
    ],
)
def test_wrong_providers_are_named(place: Place, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsWrong, match=said):
        place.joined(place.oidc(**changes))


def test_providers_differ(place: Place) -> None:
    with pytest.raises(SettingsWrong, match="same id"):
        place.joined(place.oidc(), place.oidc(issuer="https://other.example"))
    with pytest.raises(SettingsWrong, match="same issuer"):
        place.joined(place.oidc(), place.oidc(id="other"))


@pytest.mark.parametrize("issuer", ["http://login.clinic.example", "https://login.clinic.example?x", "https://login.clinic.example#x", ""])
def test_an_issuer_is_https_without_a_query(issuer: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        settings({"oidc": [Place(Path()).oidc(issuer=issuer)]})
