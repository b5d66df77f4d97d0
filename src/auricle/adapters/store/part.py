"""What every part of the store stands on: reading in threads, the writer, sealing, and holding a grant to what it is for."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import structlog
from sqlalchemy import Engine

from auricle.adapters.store.errors import GrantDoesNotFit
from auricle.adapters.store.vouched import AnyRow as AnyRow
from auricle.adapters.store.vouched import Reading
from auricle.adapters.store.writer import Writer
from auricle.audit.entry import Entry
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.time import Clock
from auricle.vault.errors import VaultError
from auricle.vault.fields import Fields
from auricle.vault.gate import Grant, Outcome, Ref, require
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place
from auricle.vault.vouch import Vouching

log = structlog.get_logger(__name__)
SWITCHBOARD = Actor(ActorKind.SERVICE, "switchboard")
TRANSCRIBER = Actor(ActorKind.SERVICE, "transcriber", frozenset({"transcriber"}))
T = TypeVar("T")


class Part(Reading):
    """One part; all parts of a store share these."""

    def __init__(self, engine: Engine, writer: Writer, keyring: Keyring, fields: Fields, clock: Clock) -> None:
        super().__init__(engine, Vouching(keyring, fields.practice))
        self._writer = writer
        self._keyring = keyring
        self._fields = fields
        self._clock = clock

    def _entry(
        self,
        actor: Actor,
        action: str,
        ref: Ref,
        outcome: Outcome = Outcome.DONE,
        purpose: str = "",
        *,
        why: str = "",
        private: str = "",
        touched: Sequence[str] = (),
    ) -> Entry:
        """An entry of now; `private` is sealed, and the leaf commits to the ciphertext alone."""
        place = f"e{secrets.token_hex(10)}" if private else ""
        return Entry(
            at=self._clock.now(),
            actor_kind=actor.kind.value,
            actor=actor.id,
            session=actor.session_id,
            address=actor.address,
            action=action,
            kind=ref.kind,
            ref=ref.id,
            outcome=outcome.value,
            purpose=purpose,
            detail={"why": why} if why else None,
            sealed=self._fields.seal(Purpose.AUDIT_DETAIL, private, Place("audit", "sealed", place)) if private else b"",
            place=place,
            touched=touched,
        )

    def _ahead_s(self) -> float:
        """How far the wall clock is ahead of the monotonic one: what outlives the machine's uptime is kept in wall time."""
        return self._clock.now().timestamp() - self._clock.monotonic()


def hold(grant: Grant, kind: str, ref: str = "*", *, exactly: bool = False) -> None:
    """Every reading method calls this before it looks. A grant for `*` is good for one thing of the kind too, unless `exactly`.

    Raises GrantDoesNotFit, GrantSpent, or TypeError for what is no grant.
    """
    require(grant)
    if grant.ref.kind != kind or (grant.ref.id != ref and (exactly or grant.ref.id != "*")):
        raise GrantDoesNotFit(f"the grant is for {grant.ref.kind} {grant.ref.id}, asked was {kind} {ref}")


def readable(rows: Iterable[AnyRow], opened: Callable[[AnyRow], T]) -> list[T]:
    """Those rows of a listing that open; a damaged one is reported by its place and harms no other."""
    found = []
    for row in rows:
        try:
            found.append(opened(row))
        except VaultError as error:
            log.error("sealed_row_unreadable", error=type(error).__name__, place=str(error))  # noqa: TRY400 - places are identifiers
    return found
