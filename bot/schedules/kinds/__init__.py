"""One file per schedule kind; each meets the Protocol `bot.schedules.kind.Kind` with functions of the module.

Reached through the registry by the name in `Schedule.kind`, never imported by name.
"""
