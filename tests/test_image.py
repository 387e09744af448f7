"""The image and the compose file: what can be known of them without an engine."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from bot.settings import PREFIX, SETTINGS

ROOT = Path(__file__).parents[1]
# Without a value the bot uses its own default, so these need no line in the compose file.
LEFT_TO_THE_IMAGE = {"DIFY_OPS_HOME", "DIFY_OPS_HTTP"}


def read_instructions() -> list[tuple[str, str]]:
    """(name, the rest) of each instruction, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines if line.strip()]


INSTRUCTIONS = read_instructions()
LAST_FROM = max(index for index, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM")
FINAL = INSTRUCTIONS[LAST_FROM:]


def of(name: str, among: list[tuple[str, str]] = INSTRUCTIONS) -> list[str]:
    return [rest for each, rest in among if each == name]


@pytest.fixture
def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yml").read_text("utf-8"))


def test_every_stage_stands_on_the_plain_slim_python() -> None:
    assert {rest.split()[0] for rest in of("FROM")} == {"python:3.12-slim"}


def test_every_package_comes_by_its_hash() -> None:
    installs = re.findall(r"pip .*?install ([^&]*)", " ".join(of("RUN")))
    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes" in install or {"--no-deps", "--no-index"} <= set(install.split())


def test_nothing_is_fetched_but_packages() -> None:
    assert of("ADD") == []
    assert not re.search(r"curl|wget|apt-get|https?://(?!127\.0\.0\.1)", str(INSTRUCTIONS))


def test_the_tools_that_build_the_wheel_are_all_in_the_lock() -> None:
    """What hatchling needs, as the lock's own comments tell it."""
    (recipe,) = re.findall(r"awk '([^']*)'", " ".join(of("RUN")))
    wanted = set(re.search(r"\^\(([^)]*)\)", recipe)[1].split("|"))  # type: ignore[index]
    blocks = re.split(r"\n(?=[a-z])", (ROOT / "requirements" / "dev.txt").read_text("utf-8"))
    needed = {block.split("==")[0] for block in blocks if re.search(r"#\s+(via )?hatchling$", block, re.MULTILINE)}
    assert wanted == needed | {"hatchling"}
    assert all("--hash=sha256:" in block for block in blocks if block.split("==")[0] in wanted)
    backend = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["build-backend"]
    assert backend == "hatchling.build"


def test_the_bot_runs_as_nobody_in_particular() -> None:
    assert of("USER", FINAL) == ["10001:10001"]
    names = [name for name, _ in FINAL]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert not {"RUN", "COPY"} & set(names[names.index("USER") :])


def test_only_the_data_folder_is_written_to() -> None:
    assert of("VOLUME", FINAL) == ["/data"]
    environment = dict(pair.split("=", 1) for rest in of("ENV", FINAL) for pair in rest.split())
    assert environment["DIFY_OPS_HOME"] == "/data"
    assert environment["HOME"] == "/data", "the Slack SDK does not even import without a home"
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert "compileall" in str(of("RUN")), "what is not compiled at build is compiled at every start"


def test_the_environment_of_the_image_names_real_settings() -> None:
    given = re.findall(r"(DIFY_OPS_[A-Z_]+)=", " ".join(of("ENV", FINAL)))
    assert set(given) <= set(SETTINGS)


def test_the_bot_is_process_one_and_hears_the_signal_to_stop() -> None:
    """No shell in between."""
    assert json.loads(of("ENTRYPOINT", FINAL)[0]) == ["dify-ops"]
    assert json.loads(of("CMD", FINAL)[0]) == ["serve"]


def test_no_secret_is_baked_in() -> None:
    assert of("ARG") == []
    assert not re.search(r"TOKEN|SECRET|PASSWORD|xox", str(INSTRUCTIONS))


def test_everything_that_is_copied_is_there_and_let_through() -> None:
    sources = [part for rest in of("COPY") if "--from" not in rest for part in rest.split()[:-1]]
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    through = {line[1:].strip("/") for line in ignored if line.startswith("!")}
    assert {source.strip("/") for source in sources} == through
    assert all((ROOT / source).exists() for source in sources)
    assert ignored.index("*") < min(ignored.index(line) for line in ignored if line.startswith("!"))
    assert any(fnmatch("bot/.env", line) for line in ignored[ignored.index("*") + 1 :])


@contextmanager
def health(status: int) -> Iterator[int]:
    """The port of a server that answers /healthz."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask_health(http: str) -> int:
    command = json.loads(re.search(r"CMD (\[.*\])", of("HEALTHCHECK", FINAL)[0])[1])  # type: ignore[index]
    assert command[0] == "python"
    environment = {"PATH": os.environ["PATH"], "DIFY_OPS_HTTP": http, "http_proxy": "http://127.0.0.1:1"}
    return subprocess.run(
        [sys.executable, *command[1:]], env=environment, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize(("status", "is_healthy"), [(200, True), (503, False)])
def test_the_health_check_asks_the_web_door_and_no_proxy(status: int, is_healthy: bool) -> None:
    with health(status) as port:
        assert (ask_health(f"0.0.0.0:{port}") == 0) is is_healthy


def test_the_health_check_fails_where_nobody_listens_and_passes_where_nobody_should() -> None:
    assert ask_health("0.0.0.0:1") != 0
    assert ask_health("") == 0


def test_every_service_is_hardened(compose: Any) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"].split(":")[0] not in ("", "0"), name
        assert "privileged" not in service
        assert "docker.sock" not in str(service)


def test_the_schema_is_upgraded_once_before_the_bot_starts(compose: Any) -> None:
    services = compose["services"]
    assert services["upgrade"]["command"] == ["db", "upgrade"]
    assert services["upgrade"]["restart"] == "no"
    assert services["upgrade"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert services["bot"]["depends_on"]["upgrade"]["condition"] == "service_completed_successfully"
    assert services["upgrade"]["environment"]["DATABASE_URL"] == services["bot"]["environment"]["DATABASE_URL"]


def test_no_secret_has_a_value_in_the_file(compose: Any) -> None:
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            if re.search(r"TOKEN|SECRET|PASSWORD", name):
                assert re.fullmatch(r"\$\{[A-Z_]+:(-|\?[^}]+)\}", value), name
    assert re.search(
        r"dify_ops:\$\{POSTGRES_PASSWORD:\?[^}]+\}@", compose["services"]["bot"]["environment"]["DATABASE_URL"]
    )


def test_only_this_machine_reaches_the_web_door_and_only_the_bot_the_database(compose: Any) -> None:
    assert compose["services"]["bot"]["ports"] == ["127.0.0.1:8080:8080"]
    assert "ports" not in compose["services"]["database"]
    assert compose["services"]["database"]["networks"] == ["rows"]
    assert compose["networks"]["rows"]["internal"] is True


def test_the_bot_has_time_to_end_well(compose: Any) -> None:
    grace = compose["services"]["bot"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > 15


def test_every_setting_that_has_a_meaning_there_can_be_set_in_compose(compose: Any) -> None:
    given = set(compose["services"]["bot"]["environment"])
    assert given | LEFT_TO_THE_IMAGE == set(SETTINGS)
    assert all(name in SETTINGS for name in given if name.startswith(PREFIX))
