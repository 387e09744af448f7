"""The clauses of a text beside its rhythm: read, written back, and put into a schedule."""
