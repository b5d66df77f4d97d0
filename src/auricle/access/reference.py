"""The policies as the tables of docs/reference/access.md; a test compares the page with them."""

from auricle.access.decision import Policies
from auricle.access.matrix import STEP_UP_ALONE, Answer, Cell, cells
from auricle.access.model import PEOPLE_ROLES, Action, Role
from auricle.access.words import ACTIONS, ROLES


def role_table() -> str:
    """Every role of people and what it is for."""
    rows = [f"| `{role}` | {ROLES[role][0]} | {ROLES[role][1]} |" for role in (*PEOPLE_ROLES, Role.API_CLIENT)]
    return "\n".join(["| role | name | for |", "|---|---|---|", *rows])


def action_table(policies: Policies) -> str:
    """Roles by actions. `own` depends on whose record it is, `proof` on a step-up; an API client is within its owner's row."""
    found = {(cell.role, cell.action): _mark(cell) for cell in cells(policies)}
    head = ["| action | what | " + " | ".join(PEOPLE_ROLES) + " |", "|---|---|" + "---|" * len(PEOPLE_ROLES)]
    rows = [
        f"| `{action}` | {ACTIONS[action]} | " + " | ".join(found[role, action] for role in PEOPLE_ROLES) + " |"
        for action in Action
        if any(found[role, action] for role in PEOPLE_ROLES)
    ]
    return "\n".join(head + rows)


def rule_list(policies: Policies) -> str:
    """Every rule in its own words, in the order of the files."""
    return "\n".join(f"- {sentence}" for sentence in policies.sentences)


def _mark(cell: Cell) -> str:
    match cell.answer:
        case Answer.YES:
            return "yes"
        case Answer.NO:
            return ""
        case Answer.DEPENDS:
            return "proof" if any(rule.endswith(STEP_UP_ALONE[2:]) for rule in cell.rules) else "own"
