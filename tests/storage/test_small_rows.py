"""Drafts, audit and meta: the small tables."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from storage import audit, drafts, meta
from storage.database import Store
from storage.records import AuditEntry
from storage.vault import Vault, load_keys
from tests.makers import list_entries
from tests.storage.examples import NOW, SOON, TOMORROW, a_draft


async def test_a_draft_can_be_read_by_its_team_until_it_expires(store: Store) -> None:
    draft = a_draft()
    await store.run(lambda c: drafts.put(c, draft))
    assert await store.read(lambda c: drafts.get(c, "T1", draft.id, NOW)) == draft
    assert await store.read(lambda c: drafts.get(c, "T2", draft.id, NOW)) is None
    assert await store.read(lambda c: drafts.get(c, "T1", draft.id, TOMORROW)) is None


async def test_putting_a_draft_again_changes_it_but_never_that_of_another_team(store: Store) -> None:
    draft = a_draft()
    changed = replace(draft, when="every hour", inputs={"topic": "tea"})
    for one in (draft, changed, replace(draft, team_id="T2", when="stolen")):
        await store.run(lambda c, one=one: drafts.put(c, one))
    assert await store.read(lambda c: drafts.get(c, "T1", draft.id, NOW)) == changed
    assert await store.read(lambda c: drafts.get(c, "T2", draft.id, NOW)) is None


async def test_a_draft_is_taken_out_by_one(store: Store) -> None:
    draft = a_draft()
    await store.run(lambda c: drafts.put(c, draft))
    assert not await store.run(lambda c: drafts.remove(c, "T2", draft.id))
    assert [await store.run(lambda c: drafts.remove(c, "T1", draft.id)) for _ in range(2)] == [True, False]


async def test_expired_drafts_are_thrown_away(store: Store) -> None:
    old, new = a_draft(expires_at=SOON), a_draft()
    for one in (old, new):
        await store.run(lambda c, one=one: drafts.put(c, one))
    assert await store.run(lambda c: drafts.prune(c, SOON)) == 1
    assert await store.read(lambda c: drafts.get(c, "T1", old.id, NOW)) is None
    assert await store.read(lambda c: drafts.get(c, "T1", new.id, NOW)) == new


async def test_the_audit_is_read_newest_first_by_team_and_matter(store: Store) -> None:
    def entry(about: str, team: str = "T1") -> AuditEntry:
        return AuditEntry(id=0, team_id=team, at=NOW, actor="U1", action="pause", about=about, detail={"was": about})

    one, two, three = [
        await store.run(lambda c, about=about: audit.append(c, entry(about))) for about in ("job:1", "job:2", "job:1")
    ]
    await store.run(lambda c: audit.append(c, entry("job:1", "T2")))
    assert one == replace(entry("job:1"), id=one.id)
    assert await store.read(lambda c: list_entries(c, "T1")) == [three, two, one]
    assert await store.read(lambda c: list_entries(c, "T1", about="job:1")) == [three, one]


async def test_the_audit_tells_when_the_pause_of_a_job_began(store: Store) -> None:
    async def append(action: str, minutes: int, about: str = "job:1", team: str = "T1") -> None:
        at = NOW + timedelta(minutes=minutes)
        entry = AuditEntry(id=0, team_id=team, at=at, actor="U1", action=action, about=about, detail={})
        await store.run(lambda c: audit.append(c, entry))

    async def began() -> datetime | None:
        return await store.read(lambda c: audit.first_since(c, "T1", "job:1", "pause", "resume"))

    await append("pause", 1, about="job:2")
    await append("pause", 2, team="T2")
    assert await began() is None
    for minutes, action in ((3, "pause"), (4, "edit"), (5, "pause")):
        await append(action, minutes)
    assert await began() == NOW + timedelta(minutes=3)
    await append("resume", 6)
    assert await began() is None
    await append("pause", 7)
    await append("pause", 8)
    assert await began() == NOW + timedelta(minutes=7)


async def test_meta_remembers_the_newest_word(store: Store) -> None:
    assert await store.read(lambda c: meta.get(c, "team")) is None
    await store.run(lambda c: meta.put(c, "team", "T1"))
    await store.run(lambda c: meta.put(c, "team", "T2"))
    assert await store.read(lambda c: meta.get(c, "team")) == "T2"


async def test_a_wrong_key_is_noticed_and_a_rotated_one_is_right(store: Store, tmp_path: Path) -> None:
    first, second = (load_keys(None, tmp_path / name) for name in ("a", "b"))
    both = load_keys((tmp_path / "b").read_text() + "," + (tmp_path / "a").read_text(), tmp_path / "c")

    async def prove(vault: Vault) -> bool:
        return await store.run(lambda c: meta.prove_key(c, vault))

    assert await prove(first)
    assert await prove(first)
    assert not await prove(second)
    assert await prove(both)
    assert await prove(second)
    assert not await prove(first)
