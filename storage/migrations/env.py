"""What Alembic runs: the migrations, on the connection and in the transaction that `storage.schema` opened."""

from alembic import context

from storage.revision import VERSION_TABLE
from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
