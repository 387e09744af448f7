"""What the running bot holds: nouns, no deeds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.dify.client import Dify
from bot.dify.parameters import Parameters
from bot.engine.port import Engine
from bot.foreground import Foreground
from bot.pulse import Pulse
from bot.settings import Settings
from bot.slack.client import Slack
from bot.tasks import Tasks
from bot.unsaved import Unsaved
from storage.database import Store
from storage.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that doors and loops need. `owner` names this process in claims; `team_id` is the workspace, and
    `installation` tells this database from all others. What was due up to `restored_at` may have run already, before
    the database was put back from a copy. `remarks` say what is less than it was meant to be."""

    settings: Settings
    store: Store
    vault: Vault
    dify: Dify
    parameters: Parameters
    slack: Slack
    engine: Engine
    tasks: Tasks
    pulse: Pulse
    now: Callable[[], datetime]
    owner: str
    team_id: str
    installation: str
    restored_at: datetime | None = None
    remarks: tuple[str, ...] = ()
    foreground: Foreground = field(default_factory=Foreground)
    unsaved: Unsaved = field(default_factory=Unsaved)
