"""One file = one format in which days can be handed in."""
