"""A Prolific of our own for each test, and no way to any other."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `stand_in` is a package of the tests; there is no __init__.py here

from stand_in.description import Description
from stand_in.server import TOKEN, StandIn

from prolific_config.client import Client
from prolific_config.connection import Connection

DATA = Path(os.environ.get("BF_VALIDATION_DATA", Path(__file__).parents[3] / "shared" / "data"))
PUBLISHED = DATA / "prolific-openapi.yml"
LOOPBACK = ("127.0.0.1", "::1", "localhost")

CODES = {
    "completed": "C0MPLETE",
    "no_consent": "N0C0NSENT",
    "screened_out": "SCREENED",
    "failed_checks": "CHECKS",
    "device": "DEVICE",
    "overfull": "FULL",
    "withdrawn": "LEFT",
    "technical": "BR0KEN",
}

PROLIFIC_TABLE = """
[prolific]
name = "Which image is more similar?"
description = "<p>Compare small pictures.</p>"
minutes = 15
reward = 3.60
currency = "GBP"
places = 72
"""


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch):
    """Refuse every connection to another machine, and forget a token of whoever runs the tests."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self, address):
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            self.close()
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    def guarded_look_up(host, *args, **kwargs):
        assert host in LOOPBACK, f"a test tried to look up {host}"
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    monkeypatch.delenv("PROLIFIC_TOKEN", raising=False)
    monkeypatch.setenv("PROLIFIC_URL", "http://127.0.0.1:9")


@pytest.fixture(scope="session")
def own() -> Description:
    """Our description of what we use."""
    return Description()


@pytest.fixture(scope="session")
def published() -> Description | None:
    """Prolific's own description, where it is at hand."""
    return Description(PUBLISHED) if PUBLISHED.exists() else None


@pytest.fixture
def prolific(own, published) -> Iterator[StandIn]:
    """A stand-in that is held to every description at hand, and to which every request must have fitted."""
    with StandIn([description for description in (own, published) if description]) as stand_in:
        yield stand_in
    assert stand_in.violations == []
    assert stand_in.faults.left() == 0


@pytest.fixture
def connection(prolific) -> Iterator[Connection]:
    """A connection to the stand-in that does not wait."""
    opened = Connection(TOKEN, prolific.url, sleep=lambda seconds: None)
    yield opened
    opened.close()


@pytest.fixture
def client(connection) -> Client:
    """A client of the stand-in."""
    return Client(connection)


@pytest.fixture
def study_file(tmp_path) -> Path:
    """A valid study file with [prolific]."""
    from stimuli.studyfile import template

    path = tmp_path / "study.toml"
    path.write_text(template() + PROLIFIC_TABLE, encoding="utf-8")
    (tmp_path / "prompts.txt").write_text("a red ball\na blue box\n", encoding="utf-8")
    return path


@pytest.fixture
def codes_file(tmp_path) -> Path:
    """What `budgetfusion study codes` prints."""
    path = tmp_path / "codes.txt"
    path.write_text("".join(f"{outcome:<14} {code}\n" for outcome, code in CODES.items()), encoding="utf-8")
    return path


@pytest.fixture
def wanted(study_file):
    """The study that the file asks for."""
    from prolific_config.drafts import draft
    from prolific_config.table import read_prolific

    return draft(*read_prolific(study_file), CODES, "https://lab.example")


@pytest.fixture
def table(study_file):
    """`[prolific]` of the study file."""
    from prolific_config.table import read_prolific

    return read_prolific(study_file)[1]
