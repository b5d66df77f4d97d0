"""What `auricle user …` does, as the command line's own actor, each act with its entry."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.app.test_identity import PASSWORD, Office, Watch, a_store, an_office, enrol, sign_in

from auricle.access.password import BadPassword
from auricle.app.identity.users import NoSuchAccount
from auricle.app.settings import SettingsWrong


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "auricle.db"
    a_store(path, Watch()).close()
    return path


@pytest.fixture
async def office(tmp_path: Path, empty: Path) -> AsyncIterator[Office]:
    made = await an_office(tmp_path, empty, required=False)
    yield made
    made.store.close()


async def test_listing_says_who_has_what(office: Office) -> None:
    await enrol(office, await office.signed_in("dana"))
    await office.identity.users.terminate("sam-okafor", "left")
    lines = {
        line.person: (line.username, line.second_factor, line.terminated_at is not None) for line in await office.identity.users.lines()
    }
    assert lines == {"dana-reyes": ("dana", "totp", False), "olive-park": ("olive", "none", False), "sam-okafor": ("sam", "none", True)}


async def test_accounts_follow_the_password_rules(office: Office) -> None:
    for password in ("too short", "passwordpassword", "dana reyes dana reyes"):
        with pytest.raises(BadPassword):
            await office.identity.users.add("dana.two", "dana-reyes", password)
    with pytest.raises(SettingsWrong):
        await office.identity.users.add("new", "nobody", PASSWORD)
    await office.identity.users.add("dana.two", "dana-reyes", PASSWORD)
    assert (await sign_in(office.browser(), "dana.two")).status_code == 200


async def test_a_new_password_ends_all_sessions(office: Office) -> None:
    dana = await office.signed_in("dana")
    await office.identity.users.password("dana", "copper kettle on the north wall")
    assert (await dana.get("/session")).status_code == 401
    with pytest.raises(NoSuchAccount):
        await office.identity.users.password("nobody", PASSWORD)


async def test_a_lost_authenticator_is_forgotten_with_its_codes(office: Office) -> None:
    dana = await office.signed_in("dana")
    await enrol(office, dana)
    assert (await sign_in(office.browser(), "dana")).status_code == 202
    await office.identity.users.reset_second_factor("dana")
    assert (await dana.get("/session")).status_code == 401
    assert (await sign_in(office.browser(), "dana")).status_code == 200
    assert await office.store.recovery_codes_left("dana") == 0


async def test_each_act_is_the_command_line_s_and_in_the_log(office: Office) -> None:
    await office.identity.users.terminate("dana-reyes", "took the copier")
    await office.identity.users.restore("dana-reyes", "brought it back")
    entries = await office.entries()
    for action in ("people.terminate", "people.restore"):
        assert any(f'"action":"{action}"' in entry and '"actor":"cli"' in entry and '"done"' in entry for entry in entries)
    assert "copier" not in "".join(entries)
