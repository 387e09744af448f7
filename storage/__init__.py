"""What is remembered: records, tables, claims and secrets. Knows nothing of the bot."""
