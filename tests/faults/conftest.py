"""The house of the loops, once for each position."""

from tests.storage.conftest import empty_url, postgres_database, sqlite_template, store, url

__all__ = ("empty_url", "postgres_database", "sqlite_template", "store", "url")
