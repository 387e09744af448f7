"""Who may do what: the whole matrix of actions, people and places, against the table of the security policy."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from bot.errors import Refusal
from bot.rules.access import Action, Actor, Object, Place, authorize, may, system, unknown_job, unknown_run
from storage.records import App, Job, Run
from tests.storage.examples import a_calendar, a_job, a_run, an_app

TEAM, OWNER, PUBLIC, PRIVATE, DM = "T1", "UOWNER", "CPUBLIC", "CPRIVATE", "UOWNER"
PLACES = {"public": PUBLIC, "private": PRIVATE, "dm": DM}
SEE, CREATE, RUN, STOP, PAUSE, SKIP, HOLD, MARK, MOVE, EDIT, DELETE, ADOPT, CONNECT, IMPORT = Action
ON_A_JOB = (SEE, RUN, STOP, PAUSE, SKIP, HOLD, MARK, MOVE, EDIT, DELETE, ADOPT)

# Who may do what to a job or a run, by the place where it lives. Whoever is not named may do nothing.
NOBODY: frozenset[Action] = frozenset()
ALL = frozenset(ON_A_JOB)
MEMBERS = frozenset({SEE, RUN, STOP, PAUSE, SKIP, HOLD, MOVE, ADOPT})
TABLE: dict[str, dict[str, frozenset[Action]]] = {
    "owner": {"public": ALL, "private": ALL, "dm": ALL},
    "member": {"public": MEMBERS, "private": MEMBERS},
    "guest inside": {"public": frozenset({SEE}), "private": frozenset({SEE})},
    "owner who became a guest": {"public": frozenset({SEE}), "private": frozenset({SEE}), "dm": frozenset({SEE})},
    "admin inside": {"public": ALL, "private": ALL},
    # may switch off what runs where they cannot read, and no more
    "admin outside": {"public": ALL, "private": frozenset({STOP, PAUSE}), "dm": frozenset({STOP, PAUSE})},
    "system": {"public": ALL, "private": ALL, "dm": ALL},
}


@dataclass(frozen=True)
class Case:
    who: str
    actor: Actor
    place: str
    about: Object
    action: Action

    @property
    def is_allowed(self) -> bool:
        return self.action in TABLE.get(self.who, {}).get(self.place, NOBODY)

    def __str__(self) -> str:
        return f"{self.who} / {self.action} / {type(self.about).__name__} / {self.place}"


def people(channel_id: str) -> dict[str, Actor]:
    """Everybody who could ask, with what a door can prove of them about this channel."""
    inside, public = frozenset({channel_id}), frozenset({channel_id} & {PUBLIC})
    admin: dict[str, Any] = {"user_id": "UADMIN", "is_admin": True}
    return {
        "owner": Actor(team_id=TEAM, user_id=OWNER, member_of=inside),
        "owner who left": Actor(team_id=TEAM, user_id=OWNER, member_of=frozenset({"COTHER"})),
        "owner who became a guest": Actor(team_id=TEAM, user_id=OWNER, is_guest=True, member_of=inside),
        "member": Actor(team_id=TEAM, user_id="UMEMBER", member_of=inside),
        "somebody outside": Actor(team_id=TEAM, user_id="UOUT", member_of=frozenset({"COTHER"})),
        "nothing proved": Actor(team_id=TEAM, user_id="UOUT"),
        "guest inside": Actor(team_id=TEAM, user_id="UGUEST", is_guest=True, member_of=inside),
        "guest outside": Actor(team_id=TEAM, user_id="UGUEST", is_guest=True),
        "stranger": Actor(team_id=TEAM, user_id="USTRANGER", is_stranger=True, member_of=inside),
        "stranger with the owner's id": Actor(team_id=TEAM, user_id=OWNER, is_stranger=True, member_of=inside),
        "strange admin": Actor(team_id=TEAM, is_stranger=True, member_of=inside, **admin),
        "admin inside": Actor(team_id=TEAM, member_of=inside, **admin),
        "admin outside": Actor(team_id=TEAM, public=public, **admin),
        "admin with nothing proved": Actor(team_id=TEAM, **admin),
        "owner of another team": Actor(team_id="T2", user_id=OWNER, member_of=inside),
        "admin of another team": Actor(
            team_id="T2", user_id="UADMIN", is_admin=True, member_of=inside, public=public
        ),
        "system": system(TEAM),
        "system of another team": system("T2"),
    }


TABLE["admin with nothing proved"] = dict.fromkeys(PLACES, frozenset({STOP, PAUSE}))
# A direct message with the bot is its owner's by its very id, and nobody is a member of it beside them.
TABLE["owner who left"] = {"dm": ALL}


def things(channel_id: str) -> tuple[Job | Run, Job | Run]:
    where = {"team_id": TEAM, "channel_id": channel_id, "owner_id": OWNER, "id": 12}
    return a_job(**where), a_run(**where)


def cases() -> list[Case]:
    found = []
    for place, channel_id in PLACES.items():
        for who, actor in people(channel_id).items():
            if place == "dm" and channel_id in actor.member_of and actor.user_id != OWNER:
                continue  # nobody can prove to be in somebody else's direct messages
            found += [
                Case(who, actor, place, about, action) for about, action in product(things(channel_id), ON_A_JOB)
            ]
    return found


CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_matrix_of_jobs_and_runs_is_the_table(case: Case) -> None:
    assert may(case.actor, case.action, case.about) is case.is_allowed


def test_the_matrix_has_every_person_place_and_action() -> None:
    assert len(CASES) > 500
    assert {case.who for case in CASES} >= set(TABLE)
    allowed = [case for case in CASES if case.is_allowed]
    assert 100 < len(allowed) < len(CASES) / 2


@pytest.mark.parametrize("action", ON_A_JOB)
@pytest.mark.parametrize("who", ["somebody outside", "nothing proved", "guest outside", "owner of another team"])
@pytest.mark.parametrize("channel_id", [PUBLIC, PRIVATE])
def test_what_is_hidden_is_refused_with_the_words_for_what_is_missing(
    who: str, action: Action, channel_id: str
) -> None:
    job, run = things(channel_id)
    for about, missing in ((job, unknown_job("#12")), (run, unknown_run("12"))):
        with pytest.raises(Refusal) as refused:
            authorize(people(channel_id)[who], action, about)
        assert (str(refused.value), refused.value.code) == (str(missing), missing.code)


@pytest.mark.parametrize("about", [*things(PUBLIC), Place(team_id=TEAM, channel_id=PUBLIC), an_app(), None])
@pytest.mark.parametrize("action", list(Action))
def test_a_stranger_is_told_so_whatever_they_ask(action: Action, about: Object) -> None:
    for who in ("stranger", "stranger with the owner's id", "strange admin"):
        with pytest.raises(Refusal) as refused:
            authorize(people(PUBLIC)[who], action, about)
        assert refused.value.code == "stranger"


CREATORS = {"owner", "member", "admin inside", "system"}


@pytest.mark.parametrize("who", list(people(PUBLIC)))
@pytest.mark.parametrize("channel_id", [PUBLIC, PRIVATE])
@pytest.mark.parametrize("action", [CREATE, RUN])
def test_a_job_is_made_or_an_app_run_only_by_full_members_of_the_channel(
    who: str, channel_id: str, action: Action
) -> None:
    actor = people(channel_id)[who]
    assert may(actor, action, Place(team_id=TEAM, channel_id=channel_id)) is (who in CREATORS)


def test_everybody_but_guests_and_strangers_may_make_a_job_for_their_own_direct_messages() -> None:
    place = Place(team_id=TEAM, channel_id="UME")
    assert may(Actor(team_id=TEAM, user_id="UME"), CREATE, place)
    assert not may(Actor(team_id=TEAM, user_id="UME", is_guest=True), CREATE, place)
    assert not may(Actor(team_id=TEAM, user_id="UME", is_stranger=True), CREATE, place)
    assert not may(Actor(team_id=TEAM, user_id="UELSE"), CREATE, place)


@pytest.mark.parametrize("who", list(people(PUBLIC)))
@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("about", [None, an_app(id=3, team_id=TEAM)])
def test_apps_are_seen_by_members_and_changed_by_admins(who: str, action: Action, about: App | None) -> None:
    actor = people(PUBLIC)[who]
    if actor.is_stranger or (about is not None and actor.team_id != TEAM):
        allowed = False
    elif actor.is_system or actor.is_admin:
        allowed = True
    else:
        allowed = (action is SEE or (action is IMPORT and about is None)) and not actor.is_guest
    assert may(actor, action, about) is allowed


@pytest.mark.parametrize("who", list(people(PUBLIC)))
@pytest.mark.parametrize("action", [SEE, IMPORT, DELETE])
def test_a_calendar_is_seen_by_all_and_changed_by_who_imported_it_or_an_admin(who: str, action: Action) -> None:
    actor = people(PUBLIC)[who]
    if actor.is_stranger or actor.team_id != TEAM:
        allowed = False
    else:
        changes = actor.is_system or actor.is_admin or (actor.user_id == OWNER and not actor.is_guest)
        allowed = action is SEE or changes
    assert may(actor, action, a_calendar(team_id=TEAM, changed_by=OWNER)) is allowed


def test_every_full_member_adds_a_calendar() -> None:
    assert may(Actor(team_id=TEAM, user_id="UME"), IMPORT, None)
    assert not may(Actor(team_id=TEAM, user_id="UME", is_guest=True), IMPORT, None)
    assert not may(Actor(team_id=TEAM, user_id="UME", is_stranger=True), IMPORT, None)
    with pytest.raises(Refusal, match="Only who imported this calendar last or a workspace admin"):
        authorize(Actor(team_id=TEAM, user_id="UME"), IMPORT, a_calendar(team_id=TEAM, changed_by=OWNER))


def test_a_member_who_may_not_edit_is_told_whom_to_ask() -> None:
    job, _ = things(PUBLIC)
    with pytest.raises(Refusal, match="owner of this job or a workspace admin may edit it"):
        authorize(people(PUBLIC)["member"], EDIT, job)
    with pytest.raises(Refusal, match="Guests may look"):
        authorize(people(PUBLIC)["guest inside"], PAUSE, job)


def test_nothing_proved_is_nothing_granted() -> None:
    """Empty sets mean nobody, never everybody."""
    job, run = things(PRIVATE)
    nobody = Actor(team_id=TEAM, user_id="UNEW")
    assert not any(may(nobody, action, about) for action in Action for about in (job, run))
    assert nobody.member_of == nobody.public == frozenset()
