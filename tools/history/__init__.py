"""What happened, as our own tables: the truth that every restart reads first.

`Store` opens the database; each attribute is one subject. SQLite by default,
any SQLAlchemy async URL by configuration.
"""

from tools.history.store import Store, open_store

__all__ = ["Store", "open_store"]
