"""Every operation is tried on both engines."""

from tests.storage.conftest import empty_url, engine, postgres_database, sqlite_template, store, url

__all__ = ("empty_url", "engine", "postgres_database", "sqlite_template", "store", "url")
