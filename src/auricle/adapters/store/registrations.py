"""Where phones are registered, kept across a restart; contact addresses are sealed."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.part import Part, hold, readable
from auricle.adapters.store.schema import bindings
from auricle.adapters.store.statements import compiled
from auricle.sip.registration import Binding
from auricle.vault.gate import Grant
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

_put = upsert(bindings)
_PUT = compiled(_put.on_conflict_do_update(index_elements=["aor"], set_={"sealed": _put.excluded.sealed}))
_DROP = "DELETE FROM binding WHERE aor = :aor"


class SavedBindings(Part):
    """Fits `calls.ports.BindingStore`."""

    async def save_bindings(self, aor: str, saved: Sequence[Binding]) -> None:
        """Replace the bindings of one address-of-record."""
        if not saved:
            await self._writer.commit(((_DROP, {"aor": aor}),))
            return
        text = sealing.bindings_text(list(saved), self._ahead_s())
        sealed = self._fields.seal(Purpose.BINDING, text, Place("binding", "sealed", aor))
        await self._writer.commit(((_PUT, {"aor": aor, "sealed": sealed}),))

    async def load_bindings(self, grant: Grant) -> list[Binding]:
        """All bindings, on today's monotonic clock. A damaged one is left out: its phone registers again."""
        hold(grant, "binding")
        opened = readable(
            await self._rows(select(bindings)),
            lambda row: self._fields.open(Purpose.BINDING, row.sealed, Place("binding", "sealed", row.aor), grant),
        )
        return [binding for text in opened for binding in sealing.bindings_of(text, self._ahead_s())]
