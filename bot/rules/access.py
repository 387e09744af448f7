"""Who may do what: one pure function that every operation calls."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.errors import Refusal
from storage.records import App, Calendar, Job, Run

SYSTEM = "system"


class Action(StrEnum):
    SEE = "see"
    CREATE = "create"
    RUN = "run"
    STOP = "stop"
    PAUSE = "pause"
    SKIP = "skip"
    HOLD = "hold"
    MARK = "mark"
    MOVE = "move"
    EDIT = "edit"
    DELETE = "delete"
    ADOPT = "adopt"
    CONNECT = "connect"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who asks, with what the door has proved of them.

    `member_of` are the channels whose membership was asked from Slack (or proved by the request itself), `public`
    those of them that are known to be public. Nothing proved is nothing granted.
    """

    team_id: str
    user_id: str
    is_admin: bool = False
    is_guest: bool = False
    is_stranger: bool = False
    member_of: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()

    @property
    def is_system(self) -> bool:
        return self.user_id == SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel as an object of a permission: where a job is to be created."""

    team_id: str
    channel_id: str


def system(team_id: str) -> Actor:
    """The actor as which loops and the operator's command line act."""
    return Actor(team_id=team_id, user_id=SYSTEM, is_admin=True)


Object: TypeAlias = Job | Run | Place | App | Calendar | None

# What a member of the job's channel may do beside seeing; editing and deleting belong to the owner and to admins.
# Only a job whose owner has left is there to be adopted.
MEMBER_MAY = frozenset(
    {Action.SEE, Action.CREATE, Action.RUN, Action.STOP, Action.PAUSE, Action.SKIP, Action.HOLD, Action.MOVE}
    | {Action.ADOPT}
)
# An administrator who is not in a private channel may disable what runs there, and read nothing of it.
OUTSIDE_ADMIN_MAY = frozenset({Action.PAUSE, Action.STOP})


def authorize(actor: Actor, action: Action, about: Object) -> None:
    """Do nothing, or raise the Refusal that the person reads.

    A thing that the actor may not even see is refused with the words that a missing thing gets.
    """
    if actor.is_system:
        _require_team(actor, about)
        return
    if actor.is_stranger:
        raise Refusal(
            "Dify Ops only takes orders from members of its own workspace.",
            "Ask a member of this channel to do it for you.",
            code="stranger",
        )
    _require_team(actor, about)
    if action is Action.IMPORT or isinstance(about, Calendar):
        _authorize_calendar(actor, action, about)
    elif about is None or isinstance(about, App):
        _authorize_app(actor, action)
    else:
        _authorize_in_channel(actor, action, about)


def may(actor: Actor, action: Action, about: Object) -> bool:
    """The same decision as a truth value, for what is shown or left out."""
    try:
        authorize(actor, action, about)
    except Refusal:
        return False
    return True


def _require_team(actor: Actor, about: Object) -> None:
    if about is not None and about.team_id != actor.team_id:
        raise _unknown(about)


def _authorize_app(actor: Actor, action: Action) -> None:
    if actor.is_guest:
        raise _guest()
    if action is Action.SEE:
        return
    if not actor.is_admin:
        raise Refusal(
            "Only a workspace admin may connect or change Dify apps.",
            "Ask an admin to run `/dify connect`, or to add you to DIFY_OPS_ADMINS.",
            code="forbidden",
        )


def _authorize_calendar(actor: Actor, action: Action, about: Object) -> None:
    """Everybody may see the team's calendars and add one. Replacing or deleting one changes other people's jobs."""
    if action is Action.SEE:
        return
    if actor.is_guest:
        raise _guest()
    if about is None or actor.is_admin or (isinstance(about, Calendar) and about.changed_by == actor.user_id):
        return
    raise Refusal(
        "Only who imported this calendar last or a workspace admin may change it.",
        "Import your days under another name, or ask an admin.",
        code="forbidden",
    )


def _authorize_in_channel(actor: Actor, action: Action, about: Job | Run | Place) -> None:
    inside = about.channel_id in actor.member_of or about.channel_id == actor.user_id
    if not inside:
        _authorize_outside(actor, action, about)
        return
    if action is Action.SEE:
        return
    if actor.is_guest:
        raise _guest()
    if action in MEMBER_MAY or actor.is_admin or _owns(actor, about):
        return
    raise Refusal(
        f"Only the owner of this job or a workspace admin may {action} it.",
        "Ask the owner, or make a job of your own with `/dify schedule`.",
        code="forbidden",
    )


def _authorize_outside(actor: Actor, action: Action, about: Job | Run | Place) -> None:
    if isinstance(about, Place):
        raise Refusal(
            "You are not in that channel, so no job of yours can post there.",
            "Join the channel first, or leave out `to #channel` to use this one.",
            code="not_in_channel",
        )
    if actor.is_admin and (about.channel_id in actor.public or action in OUTSIDE_ADMIN_MAY):
        return
    raise _unknown(about)


def _guest() -> Refusal:
    return Refusal(
        "Guests may look, but not change anything.", "Ask a full member of this channel.", code="forbidden"
    )


def _owns(actor: Actor, about: Job | Run | Place) -> bool:
    return not isinstance(about, Place) and about.owner_id == actor.user_id


def _unknown(about: Object) -> Refusal:
    if isinstance(about, Run):
        return unknown_run(str(about.id))
    if isinstance(about, Job):
        return unknown_job(f"#{about.id}")
    return Refusal("I do not know that here.", "`/dify list` shows what you can use.", code="unknown")


def unknown_job(text: str, nearest: tuple[str, ...] = ()) -> Refusal:
    """The one sentence for a job that is missing or hidden."""
    hint = (
        f"Did you mean {' or '.join(f'“{name}”' for name in nearest)}?"
        if nearest
        else "`/dify list` shows the jobs that you can see."
    )
    return Refusal(f"I know no job “{text}” that you can see.", hint, code="unknown", choices=nearest)


def unknown_run(text: str) -> Refusal:
    """The one sentence for a run that is missing or hidden."""
    return Refusal(
        f"I know no run “{text}” that you can see." if text.strip() else "Which run? None was named.",
        "Runs have numbers; `/dify runs <job>` lists those of a job.",
        code="unknown",
    )
