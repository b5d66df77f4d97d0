"""Policy decisions a second: cold (asked of Cedar), cold against all policies at once, and remembered; the target is 100 us a decision.

`python bench/access.py [--questions N]` prints one line a figure. Questions are drawn over all roles, actions and relations, each new.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence

from auricle.access.allowance import Allowance, Source
from auricle.access.decision import Policies
from auricle.access.model import CARE, PEOPLE_ROLES, Action
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.gate import Ref

BOXES, TEAMS, PEOPLE = ("nurses", "desk", "west"), ("east", "west"), tuple(f"p{number}" for number in range(40))
Question = tuple[Actor, str, Ref]


def questions(count: int) -> list[Question]:
    """Questions of a practice's day, as different as they come."""
    draw = random.Random(7)
    return [_question(draw) for _ in range(count)]


def _question(draw: random.Random) -> Question:
    roles = frozenset(role.value for role in draw.sample(PEOPLE_ROLES, draw.randint(1, 2)))
    given = [Allowance(draw.choice(sorted(CARE)), draw.choice(list(Source)), id="g1").encode()] if draw.random() < 0.2 else []
    actor = Actor(
        ActorKind.PERSON,
        draw.choice(PEOPLE),
        roles,
        teams=frozenset(draw.sample(TEAMS, draw.randint(0, 2))),
        mailboxes=frozenset(draw.sample(BOXES, draw.randint(0, 1))),
        allowed=frozenset(given),
        stepped_up=draw.random() < 0.5,
    )
    related = frozenset(draw.sample(PEOPLE, draw.randint(0, 6)))
    ref = Ref("voicemail", str(draw.random()), draw.choice(BOXES), "", draw.choice(TEAMS), related, draw.random() < 0.1)
    return actor, draw.choice(list(Action)).value, ref


def measured(decide: Callable[[Actor, str, Ref], object], asked: Sequence[Question], before: Callable[[], None]) -> list[float]:
    """Microseconds of each decision."""
    found = []
    for question in asked:
        before()
        start = time.perf_counter_ns()
        decide(*question)
        found.append((time.perf_counter_ns() - start) / 1000)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=20000)
    asked = questions(parser.parse_args().questions)
    policies = Policies.packaged()
    policies.decide(*asked[0])
    report("cold", measured(policies.decide, asked, policies.forget))
    report("cold, all policies under the schema", measured(policies.decide_afresh, asked[: len(asked) // 4], lambda: None))
    measured(policies.decide, asked, lambda: None)
    report("remembered", measured(policies.decide, asked, lambda: None))


def report(name: str, found: Sequence[float]) -> None:
    """One line."""
    ordered = sorted(found)
    p99 = ordered[int(len(ordered) * 0.99)]
    print(f"{name}: median {statistics.median(found):.1f} us, p99 {p99:.1f} us, {1e6 / statistics.fmean(found):,.0f} decisions/s")


if __name__ == "__main__":
    main()
