"""Accounts and people from the command line: whoever holds the machine and the passphrase. A running practice notices within a second."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from auricle.access.password import check_password, normalized
from auricle.access.subject import COMMAND_LINE
from auricle.adapters.passwords import Passwords
from auricle.adapters.store import Store
from auricle.app.identity.ending import AccessEnder
from auricle.app.identity.factors import FactorRules
from auricle.app.settings import SettingsWrong
from auricle.app.web_me import context_of
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId
from auricle.practice.model import Person, Practice
from auricle.vault.gate import Gate, Ref

WHY = "command line"


class NoSuchAccount(PeerError):
    """There is no console account of this name; `auricle user list` shows them."""

    code = "users.no_such_account"


@dataclass(frozen=True, slots=True)
class UserLine:
    """One line of `auricle user list`; `username` is empty for a person without an account."""

    username: str
    person: PersonId
    name: str
    terminated_at: datetime | None
    second_factor: str


class Users:
    """Each method is one command; the gate decides and the log keeps it."""

    def __init__(self, store: Store, gate: Gate, practice: Practice, passwords: Passwords, rules: FactorRules, ender: AccessEnder) -> None:
        self._store = store
        self._gate = gate
        self._practice = practice
        self._passwords = passwords
        self._rules = rules
        self._ender = ender

    async def lines(self) -> list[UserLine]:
        """Everybody: accounts first, then people without one."""
        await self._gate.check(COMMAND_LINE, "people.read", Ref("person", "*"), WHY)
        standings = await self._store.standings()
        totp = await self._store.totp_accounts()
        found, seen = [], set()
        for account in await self._store.accounts():
            seen.add(account.person)
            factors = (["totp"] if account.username in totp else []) + (
                ["passkey"] if await self._store.passkey_count(account.person) else []
            )
            found.append((account.username, account.person, "+".join(factors) or "none"))
        found += [("", person, "none") for person in self._practice.people if person not in seen]
        return [
            UserLine(username, person, self._name(person), standings[person].terminated_at if person in standings else None, factor)
            for username, person, factor in found
        ]

    async def add(self, username: str, person: str, password: str) -> None:
        """Make a console account, or give an existing one a new password and person. Raises BadPassword, SettingsWrong."""
        known = self._person(person)
        await self._gate.check(COMMAND_LINE, "people.terminate", Ref("person", known.id), WHY)
        await self._put(username, known, password)

    async def password(self, username: str, password: str) -> None:
        """A new password for somebody who forgot theirs; all their sessions end. Raises NoSuchAccount, BadPassword."""
        account = await self._store.account(username)
        if account is None:
            raise NoSuchAccount(f"there is no account '{username}': see auricle user list")
        known = self._person(account.person)
        await self._gate.check(COMMAND_LINE, "people.terminate", Ref("person", known.id), WHY)
        await self._put(username, known, password)

    async def reset_second_factor(self, username: str) -> int:
        """Forget authenticator, recovery codes and passkeys of somebody who lost them; all sessions end. How many passkeys there were."""
        account = await self._store.account(username)
        if account is None:
            raise NoSuchAccount(f"there is no account '{username}': see auricle user list")
        await self._gate.check(COMMAND_LINE, "people.terminate", Ref("person", account.person), WHY)
        passkeys = await self._store.passkeys_of(account.person)
        for passkey in passkeys:
            await self._store.remove_passkey(passkey.id, COMMAND_LINE)
        await self._store.remove_totp(username, COMMAND_LINE, "reset from the command line")
        await self._store.end_account_sessions(username, COMMAND_LINE, "second factor reset")
        return len(passkeys)

    async def terminate(self, person: str, reason: str) -> None:
        """End all access of a person."""
        known = self._person(person)
        await self._gate.check(COMMAND_LINE, "people.terminate", Ref("person", known.id), WHY)
        await self._ender.end(COMMAND_LINE, known.id, reason)

    async def restore(self, person: str, reason: str) -> None:
        """Let a person in again."""
        known = self._person(person)
        await self._gate.check(COMMAND_LINE, "people.terminate", Ref("person", known.id), WHY)
        await self._ender.restore(COMMAND_LINE, known.id, reason)

    async def _put(self, username: str, person: Person, password: str) -> None:
        words = context_of(self._practice, username, person)
        await asyncio.to_thread(check_password, password, words, second_factor=self._rules.required)
        await self._store.put_account(username, person.id, await self._passwords.hashed(normalized(password)), COMMAND_LINE)

    def _person(self, person: str) -> Person:
        found = self._practice.people.get(PersonId(person))
        if found is None:
            raise SettingsWrong(f"there is no person '{person}' in the settings")
        return found

    def _name(self, person: PersonId) -> str:
        known = self._practice.people.get(person)
        return known.name if known else "(no longer in the settings)"
