"""How far sealing anew has come, and which writing of the key file was seen last."""

from sqlalchemy import Float, Integer, String, Table

from auricle.adapters.store.schema.columns import COUNT, STATE, TIME, clear, metadata

rekey_progress = Table(
    "rekey_progress",
    metadata,
    clear("purpose", String, why="one of our own purposes of keys", primary_key=True),
    clear("epoch", Integer, why=COUNT, nullable=False),
    clear("state", String, why=STATE, nullable=False),
    clear("done", Integer, why=COUNT, nullable=False),
    clear("total", Integer, why=COUNT, nullable=False),
    clear("damaged", Integer, why=COUNT, nullable=False),
    clear("started_at", Float, why=TIME, nullable=False),
    clear("finished_at", Float, why=TIME),
)
key_files = Table(
    "key_file",
    metadata,
    clear("id", Integer, why="always 1", primary_key=True, autoincrement=False),
    clear("generation", Integer, why=COUNT, nullable=False),
    clear("seen_at", Float, why=TIME, nullable=False),
)
