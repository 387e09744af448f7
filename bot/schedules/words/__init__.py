"""Plain English read to schedules: every word is understood, or the part that is not is named."""
