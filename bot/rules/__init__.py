"""Whether: pure decisions over records. Record in, decision out."""
