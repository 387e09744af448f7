"""Cron expressions: two dialects are parsed to one shape (`fields.Cron`), one search finds the next fire time.

Five fields are Unix cron, six or seven are Quartz. Which is decided by counting, and by nothing else.
"""
