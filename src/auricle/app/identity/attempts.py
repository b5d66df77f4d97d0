"""Tries of every kind of secret, counted and slowed down by one throttle, and kept across restarts with their audit entries.

Kinds used: `password`, `totp`, `recovery-code`, `ticket`, `step-up`, `api-key`, `passkey`, `sso`.
"""

import hashlib
from dataclasses import dataclass

from auricle.access.throttle import EVERYWHERE, Throttle
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.time import Clock
from auricle.vault.gate import Ref
from auricle.web.signed_in import Throttled


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that was let through and counts as wrong until it `succeeded`. `account` is a hash: what was typed may be a password."""

    account: str
    address: str
    everywhere: bool


class Attempts:
    """The port for whoever checks a secret: `admit` before, then `refused` or `succeeded`."""

    def __init__(self, store: Store, clock: Clock, throttle: Throttle | None = None) -> None:
        self._store = store
        self._clock = clock
        self._throttle = throttle or Throttle()

    async def restore(self) -> None:
        """Take up the wrong tries counted before a restart."""
        self._throttle.restore(await self._store.sign_in_tries())

    def admit(self, kind: str, name: str, address: str, *, everywhere: bool = False) -> Attempt:
        """Let a try through, or raise Throttled with the seconds to wait.

        `name` is the account, key id or credential that is tried. `everywhere` counts for it from all addresses too: only for what
        is tried after another secret was right, else strangers could keep its owner out.
        """
        account = account_hash(kind, name)
        wait_s = self._throttle.admit(account, address, self._clock.monotonic(), everywhere=everywhere)
        if wait_s > 0:
            raise Throttled(wait_s)
        return Attempt(account, address, everywhere)

    def waiting(self, kind: str, name: str, address: str) -> None:
        """Raise Throttled where a try would have to wait, without counting one: for checks so quick that `wrong` can count them."""
        wait_s = self._throttle.wait_s(account_hash(kind, name), address, self._clock.monotonic())
        if wait_s > 0:
            raise Throttled(wait_s)

    async def refused(self, attempt: Attempt, action: str, why: str, actor: Actor | None = None, ref: Ref | None = None) -> None:
        """It was wrong: the counts and the audit entry, durably. `actor` where somebody is signed in already."""
        who = actor or Actor(ActorKind.ANONYMOUS, "anonymous", address=attempt.address)
        tries = self._throttle.tries(attempt.account, attempt.address)
        kept = tries if attempt.everywhere else [one for one in tries if one.address != EVERYWHERE]
        await self._store.try_refused(who, action, ref or Ref("account", attempt.account), why, kept)

    async def wrong(self, kind: str, name: str, address: str, action: str, why: str, ref: Ref | None = None) -> None:
        """Count and audit a wrong try that was not admitted first."""
        account = account_hash(kind, name)
        self._throttle.failed(account, address, self._clock.monotonic())
        await self.refused(Attempt(account, address, everywhere=False), action, why, ref=ref)

    async def succeeded(self, attempt: Attempt) -> None:
        """It was right: its counts start anew."""
        kept = len(self._throttle.tries(attempt.account, attempt.address)) > 0
        self._throttle.succeeded(attempt.account, attempt.address, admitted=True)
        if kept:
            await self._store.try_succeeded([(attempt.account, attempt.address), (attempt.account, EVERYWHERE)])


def account_hash(kind: str, name: str) -> str:
    """What stands for an account in counts and entries."""
    return hashlib.sha256(f"{kind}|{name.casefold()}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
