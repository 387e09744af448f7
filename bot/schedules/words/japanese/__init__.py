"""The Japanese grammar of schedules."""
