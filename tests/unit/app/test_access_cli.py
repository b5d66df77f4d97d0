"""`auricle access`: explain, matrix, grant, revoke, grants, on a practice of its own."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from typer.testing import CliRunner

from auricle.access.model import Action, Role
from auricle.app.cli import app
from auricle.app.demo.practice import make_demo_practice

pytestmark = pytest.mark.real  # whole practices, with real passwords and keys: slow for a unit test

Run = Callable[..., Result]
REASON = "looks into a message that is cut short"


@pytest.fixture(scope="module")
def auricle(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`auricle("access", "grants")` in the demo's practice, without starting it."""
    settings = make_demo_practice(tmp_path_factory.mktemp("practice"), 0).settings

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--settings", str(settings)], env={"AURICLE_PASSPHRASE": ""})

    assert run("keys", "create").exit_code == 0
    return run


def test_explain_names_the_rule_and_what_else_would_do(auricle: Run) -> None:
    mine = auricle("access", "explain", "noor-haddad", "voicemail.play", "voicemail:v1", "--mailbox", "nurses")
    assert mine.exit_code == 0
    assert mine.output.startswith("noor-haddad may voicemail.play voicemail:v1\n  because: Clinicians, nurses,")
    other = auricle("access", "explain", "noor-haddad", "voicemail.play", "voicemail:v1", "--mailbox", "front-desk")
    assert other.exit_code == 1
    assert "may not" in other.output
    assert "A treatment relation: be on the call, or in the patient's care team." in other.output
    found = json.loads(auricle("access", "explain", "dana-reyes", "audit.export", "audit", "--json").output)
    assert found == {
        "allowed": False,
        "rules": ["This needs a step-up: prove again who you are."],
        "needs": ["A step-up: prove again who you are."],
    }
    assert auricle("access", "explain", "dana-reyes", "audit.export", "audit", "--stepped-up").exit_code == 0


def test_the_matrix(auricle: Run) -> None:
    text = auricle("access", "matrix").output.splitlines()
    assert text[0].split() == [role.value for role in Role]
    assert [line.split()[0] for line in text[1:]] == [action.value for action in Action]
    cells = json.loads(auricle("access", "matrix", "--json").output)["cells"]
    assert len(cells) == len(Role) * len(Action)


def test_a_grant_from_its_giving_to_its_end(auricle: Run) -> None:
    assert auricle("access", "explain", "noor-haddad", "audit.read", "audit").exit_code == 1
    given = auricle("access", "grant", "noor-haddad", "audit.read", "--reason", REASON, "--hours", "2")
    assert given.exit_code == 0
    grant = given.output.split(":")[0].removeprefix("grant ")
    assert auricle("access", "explain", "noor-haddad", "audit.read", "audit").exit_code == 0
    listed = auricle("access", "grants").output
    assert grant in listed
    assert "in force" in listed
    assert REASON not in listed
    assert auricle("access", "revoke", grant).output == f"grant {grant} revoked\n"
    assert "revoked" in auricle("access", "grants").output
    assert auricle("access", "explain", "noor-haddad", "audit.read", "audit").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("explain", "nobody", "calls.list", "call"), "no person of the settings and no account"),
        (("grant", "nobody", "calls.list", "--reason", REASON), "no person of the settings and no account"),
        (("grant", "noor-haddad", "keys.rotate", "--reason", REASON), "anything else takes a role"),
        (("grant", "noor-haddad", "calls.list", "--reason", "short"), "give a reason of 10 to 500 characters"),
        (("revoke", "g-none"), "there is no grant 'g-none'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(auricle: Run, arguments: tuple[str, ...], says: str) -> None:
    answer = auricle("access", *arguments)
    assert answer.exit_code == 1
    assert says in answer.output
    assert answer.output.count("\n") == 1
