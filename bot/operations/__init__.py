"""What may be done to a row: plain functions of an open transaction, one verb a file.

Every verb that a person can ask for takes the actor, authorises it against the row as it stands inside the
transaction, changes rows, writes one audit entry and returns the record as it now is.
"""
