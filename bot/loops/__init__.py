"""What happens by itself: loops claim rows that have come due and act on them. Each has `once()`."""
