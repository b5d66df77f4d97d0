"""Where phones are registered."""

from sqlalchemy import String, Table

from auricle.adapters.store.schema.columns import SETTING, clear, metadata, sealed

bindings = Table(
    "binding",
    metadata,
    clear("aor", String, why=SETTING, primary_key=True),
    sealed("sealed", nullable=False),
)
