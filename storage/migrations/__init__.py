"""The changes of the schema, one file each, oldest first; they travel inside the package."""
