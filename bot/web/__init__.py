"""The door for browsers, health checks and Slack's HTTP mode."""
