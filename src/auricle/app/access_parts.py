"""What access is made of in a running practice, joined once: facts, sight, the access pages and breaking the glass."""

from auricle.access.decision import Policies
from auricle.adapters.store import Store
from auricle.app.access_ends import AccessEnds
from auricle.app.board import Board
from auricle.app.facts import RecordFacts
from auricle.app.sight import Sight
from auricle.app.web_access import WebAccessAdmin
from auricle.app.web_break_glass import WebBreakGlass
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.vault.gate import Gate


class AccessParts:
    """Made once a practice."""

    def __init__(
        self,
        *,
        store: Store,
        gate: Gate,
        policies: Policies,
        practice: Practice,
        board: Board,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self.policies = policies
        self.ends = AccessEnds(store, board)
        self.sight = Sight(policies, RecordFacts(store, policies, practice, clock))
        self.admin = WebAccessAdmin(
            store=store,
            gate=gate,
            policies=policies,
            practice=practice,
            facts=self.sight.facts,
            clock=clock,
            entropy=entropy,
        )
        self.break_glass = WebBreakGlass(store=store, gate=gate, policies=policies, board=board, clock=clock, entropy=entropy)
