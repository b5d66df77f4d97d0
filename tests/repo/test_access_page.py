"""docs/reference/access.md holds the tables that the policies make, so nobody reads there what is not so."""

from pathlib import Path

import pytest

from auricle.access.decision import Policies
from auricle.access.reference import action_table, role_table, rule_list

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "access.md"


@pytest.mark.parametrize("part", ["roles", "actions", "rules"])
def test_the_page_shows_what_the_policies_say(part: str) -> None:
    policies = Policies.packaged()
    wanted = {"roles": role_table(), "actions": action_table(policies), "rules": rule_list(policies)}[part]
    shown = PAGE.read_text().partition(f"<!-- {part}:begin -->\n")[2].partition(f"\n<!-- {part}:end -->")[0]
    assert shown == wanted, f"put this between the {part} marks in docs/reference/access.md:\n{wanted}"
