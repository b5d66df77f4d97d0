"""Where phones are registered, kept across a restart; contact addresses are sealed."""

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.part import Part, hold, readable
from auricle.adapters.store.schema import bindings
from auricle.adapters.store.statements import compiled
from auricle.audit.entry import Entry
from auricle.kernel.actor import Actor, ActorKind
from auricle.sip.registration import Binding
from auricle.vault.gate import Grant, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

_put = upsert(bindings)
_PUT = compiled(_put.on_conflict_do_update(index_elements=["aor"], set_={"sealed": _put.excluded.sealed}))
_DROP = "DELETE FROM binding WHERE aor = :aor"


class SavedBindings(Part):
    """Fits `calls.ports.BindingStore`."""

    @cached_property
    def _places(self) -> dict[str, frozenset[str]]:
        """Where each address-of-record can be reached, as far as entries were written of it."""
        return {}

    async def save_bindings(self, aor: str, saved: Sequence[Binding]) -> None:
        """Replace the bindings of one address-of-record. Where it can be reached anew is an entry; that it still is there is none."""
        entries = self._entries_of(aor, frozenset(binding.key for binding in saved))
        if not saved:
            await self._writer.commit(((_DROP, {"aor": aor}),), entries)
            return
        text = sealing.bindings_text(list(saved), self._ahead_s())
        sealed = self._fields.seal(Purpose.BINDING, text, Place("binding", "sealed", aor))
        await self._writer.commit(((_PUT, {"aor": aor, "sealed": sealed}),), entries)

    async def load_bindings(self, grant: Grant) -> list[Binding]:
        """All bindings, on today's monotonic clock. A damaged one is left out: its phone registers again."""
        hold(grant, "binding")
        opened = readable(
            await self._rows(select(bindings)),
            lambda row: self._fields.open(Purpose.BINDING, row.sealed, Place("binding", "sealed", row.aor), grant),
        )
        found = [binding for text in opened for binding in sealing.bindings_of(text, self._ahead_s())]
        for binding in found:
            self._places[binding.aor] = self._places.get(binding.aor, frozenset()) | {binding.key}
        return found

    def _entries_of(self, aor: str, places: frozenset[str]) -> list[Entry]:
        """What a registration changes for somebody who reads the log: a place more, a place less."""
        before = self._places.get(aor, frozenset())
        self._places[aor] = places
        phone = Actor(ActorKind.DEVICE, aor)
        acts = [("phone.register", places - before), ("phone.unregister", before - places)]
        return [self._entry(phone, act, Ref("phone", aor)) for act, changed in acts if changed]
