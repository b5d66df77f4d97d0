"""Secrets of authenticators, sealed and bound to their account, and recovery codes as hashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.part import Part, hold
from auricle.adapters.store.schema import recovery_codes, totp
from auricle.adapters.store.statements import Op, compiled
from auricle.kernel.actor import Actor
from auricle.vault.errors import Corrupt
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

_put = upsert(totp)
_BEGIN = compiled(_put.on_conflict_do_update(index_elements=["username"], set_={"pending": _put.excluded.pending}))
_CONFIRM = compiled(
    update(totp)
    .where(totp.c.username == bindparam("name"))
    .values(
        secret=bindparam("secret", type_=totp.c.secret.type),
        pending=None,
        since=bindparam("since"),
        last_step=bindparam("last_step"),
        wrong=bindparam("wrong"),
    )
)
_whose = totp.c.username == bindparam("whose")
_WRONG = compiled(update(totp).where(_whose).values(wrong=totp.c.wrong + 1))
_RIGHT = compiled(update(totp).where(_whose).values(wrong=0))
_USE_STEP = compiled(
    update(totp)
    .where(_whose, totp.c.last_step < bindparam("step"))
    .values(last_step=bindparam("step"), wrong=0)
    .returning(totp.c.last_step)
)
_REMOVE = compiled(delete(totp).where(totp.c.username == bindparam("username")))
_ADD_CODE = compiled(insert(recovery_codes))
_codes = recovery_codes.c
_DROP_CODES = compiled(delete(recovery_codes).where(_codes.username == bindparam("username")))
_USE_CODE = compiled(
    delete(recovery_codes)
    .where(_codes.username == bindparam("username"), _codes.code_hash == bindparam("code_hash"))
    .returning(_codes.code_hash)
)


@dataclass(frozen=True, slots=True)
class TotpState:
    """Where an account stands with its authenticator: `since` None while none counts, `pending` while one waits for its code."""

    since: datetime | None
    pending: bool
    last_step: int
    wrong: int = 0
    """Wrong codes in a row."""


UNUSABLE = TotpState(datetime.fromtimestamp(0, UTC), False, 2**31 - 1, 2**31 - 1)
"""An authenticator whose row was changed or removed: it still counts, so that a password alone is not enough, and no code fits it."""


class SecondFactors(Part):
    """TOTP and recovery codes. Secrets open with a grant for the account."""

    async def totp_state(self, username: str) -> TotpState:
        """What there is, without opening it."""
        rows = await self._checked(select(totp).where(totp.c.username == username), totp)
        if not rows and username not in self._with_totp:
            return TotpState(None, False, 0)
        if not rows or not rows[0][1]:
            return UNUSABLE
        row, since = rows[0][0], rows[0][0].since
        return TotpState(sealing.when(since) if since is not None else None, row.pending is not None, row.last_step, row.wrong)

    async def totp_accounts(self) -> set[str]:
        """User names with an authenticator that counts."""
        rows = await self._checked(select(totp), totp)
        return {row.username for row, fits in rows if row.since is not None or not fits} | self._with_totp

    async def totp_secret(self, grant: Grant, username: str, *, pending: bool = False) -> str | None:
        """The secret, or the one that waits for its code. Raises Corrupt naming the row where it was moved or changed."""
        hold(grant, "account", username, exactly=True)
        column = "pending" if pending else "secret"
        rows = await self._checked(select(totp).where(totp.c.username == username), totp)
        if not rows or getattr(rows[0][0], column) is None:
            return None
        row, fits = rows[0]
        opened = self._fields.open(Purpose.AUTH, getattr(row, column), Place("totp", column, username), grant)
        if not fits:
            raise Corrupt(f"totp of {username}: the row is not as it was written")
        return opened.decode()

    async def begin_totp(self, username: str, secret: str, actor: Actor) -> None:
        """A secret that waits for its confirming code; one that counts already goes on counting."""
        pending = self._fields.seal(Purpose.AUTH, secret, Place("totp", "pending", username))
        params = {"username": username, "secret": None, "pending": pending, "since": None, "last_step": 0, "wrong": 0}
        await self._writer.commit(((_BEGIN, params),), (self._entry(actor, "totp.begin", Ref("account", username)),))

    async def confirm_totp(self, username: str, secret: str, step: int, code_hashes: Sequence[str], actor: Actor) -> None:
        """The waiting secret counts from now, its confirming step is used, and these are the recovery codes."""
        sealed = self._fields.seal(Purpose.AUTH, secret, Place("totp", "secret", username))
        since = self._clock.now().timestamp()
        ops: list[Op] = [(_CONFIRM, {"name": username, "secret": sealed, "since": since, "last_step": step, "wrong": 0})]
        ops += self._code_ops(username, code_hashes)
        await self._writer.commit(ops, (self._entry(actor, "totp.confirm", Ref("account", username)),))

    async def use_totp_step(self, username: str, step: int) -> bool:
        """Whether this step was not used before; durable when it returns, so that a code is good once, whatever crashes."""
        return bool(await self._writer.take((_USE_STEP, {"whose": username, "step": step})))

    async def totp_wrong(self, username: str) -> None:
        """A wrong code was given for the one that counts."""
        await self._writer.commit(((_WRONG, {"whose": username}),))

    async def remove_totp(self, username: str, actor: Actor, why: str) -> None:
        """No authenticator and no recovery codes any more."""
        ops: tuple[Op, ...] = ((_REMOVE, {"username": username}), (_DROP_CODES, {"username": username}))
        await self._writer.commit(ops, (self._entry(actor, "totp.remove", Ref("account", username), Outcome.DONE, why),))

    # ---- recovery codes ------------------------------------------------------------------------------

    async def put_recovery_codes(self, username: str, code_hashes: Sequence[str], actor: Actor) -> None:
        """These and no others."""
        entry = self._entry(actor, "recovery-codes.make", Ref("account", username))
        await self._writer.commit(self._code_ops(username, code_hashes), (entry,))

    async def use_recovery_code(self, username: str, code_hash: str) -> bool:
        """Whether there was such a code; it is used up when this returns."""
        used = bool(await self._writer.take((_USE_CODE, {"username": username, "code_hash": code_hash})))
        if used:
            await self._writer.commit(((_RIGHT, {"whose": username}),))  # its owner is there: the authenticator counts again
        return used

    async def recovery_codes_left(self, username: str) -> int:
        """How many are unused."""
        return len(await self._vouched(select(recovery_codes).where(recovery_codes.c.username == username), recovery_codes))

    def _code_ops(self, username: str, code_hashes: Sequence[str]) -> list[Op]:
        ops: list[Op] = [(_DROP_CODES, {"username": username})]
        return ops + [(_ADD_CODE, {"username": username, "code_hash": code_hash}) for code_hash in code_hashes]
