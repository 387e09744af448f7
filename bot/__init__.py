"""Dify Ops: a Slack bot that schedules and runs Dify workflows."""
