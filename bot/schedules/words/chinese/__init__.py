"""The Chinese grammar of schedules, simplified and traditional."""
