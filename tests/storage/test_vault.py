"""Secrets: sealed to one row, opened by no other, never shown."""

import base64
import os
import pickle
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from storage.errors import BadKeys, CannotOpen
from storage.vault import Secret, Vault, load_keys

ABOUT = "T1|app|7|https://api.dify.ai/v1"


def new_key() -> Secret:
    return Secret(secrets.token_urlsafe(32))


VAULT = Vault([new_key()])


@given(
    plain=some.text(some.characters(exclude_categories=["Cs"])),
    about=some.text(some.characters(exclude_categories=["Cs"])),
)
def test_what_was_sealed_opens(plain: str, about: str) -> None:
    assert VAULT.open(VAULT.seal(plain, about), about) == plain


def test_the_same_secret_is_never_sealed_to_the_same_bytes_and_never_visible() -> None:
    tokens = {VAULT.seal("app-secret", ABOUT) for _ in range(50)}
    assert len(tokens) == 50
    assert not any(b"app-secret" in token for token in tokens)


@pytest.mark.parametrize(
    "about", ["", "T2|app|7|https://api.dify.ai/v1", "T1|app|8|https://api.dify.ai/v1", ABOUT + "/"]
)
def test_a_token_that_was_moved_to_another_row_or_address_does_not_open(about: str) -> None:
    with pytest.raises(CannotOpen, match="changed or belongs to another row"):
        VAULT.open(VAULT.seal("app-secret", ABOUT), about)


def test_no_flipped_bit_and_no_shortened_token_opens() -> None:
    token = VAULT.seal("app-secret", ABOUT)
    for place in range(len(token) * 8):
        flipped = bytearray(token)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(CannotOpen):
            VAULT.open(bytes(flipped), ABOUT)
    for length in range(len(token)):
        with pytest.raises(CannotOpen):
            VAULT.open(token[:length], ABOUT)


def test_fmea_b15_keys_rotate_the_first_seals_and_all_open() -> None:
    old, new = new_key(), new_key()
    token = Vault([old]).seal("app-secret", ABOUT)
    both = Vault([new, old])
    assert both.open(token, ABOUT) == "app-secret"
    assert both.needs_reseal(token)
    again = both.seal(both.open(token, ABOUT), ABOUT)
    assert not both.needs_reseal(again)
    assert Vault([new]).open(again, ABOUT) == "app-secret"


def test_a_lost_key_is_named_but_not_shown() -> None:
    key = new_key()
    lost = Vault([key])
    with pytest.raises(CannotOpen, match=f"key {lost.key_ids[0]}, which is neither in") as caught:
        VAULT.open(lost.seal("app-secret", ABOUT), ABOUT)
    assert key.reveal() not in str(caught.value)
    assert "app-secret" not in str(caught.value)


def test_a_vault_shows_the_names_of_its_keys_only() -> None:
    key = new_key()
    assert repr(Vault([key])) == f"Vault({Vault([key]).key_ids[0]})"


def test_a_key_may_be_written_in_hex_or_any_base64() -> None:
    raw = bytes([0xFB, 0xEF, 0xFF]) + secrets.token_bytes(29)
    texts = [raw.hex(), raw.hex().upper(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    vaults = [Vault([Secret(text)]) for text in [*texts, texts[-1].rstrip("=")]]
    assert len({vault.key_ids for vault in vaults}) == 1
    assert vaults[0].open(vaults[-1].seal("x", ABOUT), ABOUT) == "x"


@pytest.mark.parametrize(
    "text",
    [
        "short",
        "not base64 at all, with spaces and so on....",
        "3q2-7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGg",
        "9f" * 20 + "1b2c3d4e5f60718293a4b5c6d7",
        "ключ" * 10,
        "A" * 43,
        "00" * 32,
        "0123456789abcdef" * 4,
        bytes(range(32)).hex(),
        bytes(range(0, 96, 3)).hex(),
        base64.urlsafe_b64encode(b"change-me-change-me-change-me-32").decode(),
        base64.urlsafe_b64encode(b"the quick brown fox jumps over a").decode(),
    ],
)
def test_a_weak_or_example_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(BadKeys, match=r"DIFY_OPS_SECRET_KEYS .* Make one with") as caught:
        Vault([Secret(text)])
    assert text not in str(caught.value)


def test_no_random_key_is_refused() -> None:
    assert len({Vault([new_key()]).key_ids for _ in range(2_000)}) == 2_000


def test_no_keys_are_no_vault() -> None:
    with pytest.raises(BadKeys, match="no key"):
        Vault([])


def test_the_first_start_makes_a_key_file_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "keys"
    token = load_keys(None, path).seal("x", ABOUT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["keys"]
    assert load_keys("  ", path).open(token, ABOUT) == "x"


def test_first_starts_at_the_same_moment_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(lambda _: load_keys(None, tmp_path / "keys"), range(8)))
    assert len({vault.key_ids for vault in vaults}) == 1


def test_the_setting_comes_before_the_file(tmp_path: Path) -> None:
    first, second = new_key(), new_key()
    vault = load_keys(f" {first.reveal()} , {second.reveal()},", tmp_path / "keys")
    assert len(vault.key_ids) == 2
    assert not vault.needs_reseal(Vault([first]).seal("x", ABOUT))
    assert not (tmp_path / "keys").exists()


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys"
    load_keys(None, path)
    path.chmod(mode)
    with pytest.raises(BadKeys, match=f"read by others: run `chmod 600 {path}`"):
        load_keys(None, path)


def test_a_key_file_that_cannot_be_used_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o700)
    with pytest.raises(BadKeys, match="cannot be read"):
        load_keys(None, tmp_path / "folder")
    (tmp_path / "file").touch()
    with pytest.raises(BadKeys, match="cannot be made"):
        load_keys(None, tmp_path / "file" / "keys")
    (tmp_path / "empty").touch(mode=0o600)
    with pytest.raises(BadKeys, match="no key"):
        load_keys(None, tmp_path / "empty")


def test_a_secret_shows_its_last_four_characters_at_most() -> None:
    secret = Secret("app-1234567890")
    assert [str(secret), repr(secret), f"{secret}", f"{secret!r}", secret.hint] == [
        "…7890", "Secret(…7890)", "…7890", "Secret(…7890)", "…7890",
    ]  # fmt: skip
    assert str(Secret("elevenchars")) == "…"
    assert secret.reveal() == "app-1234567890"


def test_a_secret_does_not_travel_and_is_compared_by_value() -> None:
    with pytest.raises(TypeError, match="does not travel"):
        pickle.dumps(Secret("app-1234567890"))
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a")
    assert not Secret("")
