"""What a laboratory deploys: the files fit each other and the program, and nothing secret has a default."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE_TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES = COMPOSE["services"]
UNIT = (DEPLOY / "budgetfusion.service").read_text(encoding="utf-8")
KEYS = {
    "image", "build", "restart", "read_only", "tmpfs", "cap_drop", "security_opt", "environment", "volumes", "command",
    "healthcheck", "depends_on", "networks", "ports",
}  # fmt: skip
"""Keys of a service in the Compose specification that the file uses."""


def documented():
    """Return the environment variables of the reference."""
    text = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([A-Z_]+)`", text, flags=re.MULTILINE))


def test_the_compose_file_is_whole():
    """Each service has an image and known keys; what it depends on, mounts and joins is declared."""
    assert set(SERVICES) == {"db", "migrate", "app", "caddy"}
    for service in SERVICES.values():
        assert "image" in service
        assert set(service) <= KEYS
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        named = {volume.split(":")[0] for volume in service["volumes"]}
        assert {name for name in named if not name.startswith(".")} <= set(COMPOSE["volumes"])


def test_only_the_proxy_is_reached_from_outside():
    """The database and the app publish no port, and the database's network leads nowhere."""
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]
    assert SERVICES["db"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_secrets_have_no_default():
    """What is secret comes from .env and stops the start where it is missing; .env's example names it all, empty."""
    asked = dict(re.findall(r"\$\{([A-Z_]+):?([-?])", COMPOSE_TEXT))
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (DEPLOY / "env.example").read_text(), flags=re.MULTILINE))

    assert set(example) == set(asked)
    assert {name for name, mark in asked.items() if mark == "?"} == {"SITE", "SECRET_KEY", "POSTGRES_PASSWORD"}
    assert {name for name, value in example.items() if value} == {"SITE"}


def test_the_app_is_told_what_the_program_reads():
    """Every variable of the app is documented, and production refuses what is unsafe."""
    told = SERVICES["app"]["environment"]

    assert set(told) <= documented()
    assert (told["PRODUCTION"], told["SECURE_COOKIES"], told["PROXIES"]) == ("1", "1", "1")


def test_the_image_is_installed_from_what_is_there():
    """The Dockerfile asks for extras that exist, and its context holds what they are installed from."""
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = re.search(r"pip install .*'\.\[([a-z,]+)\]'", dockerfile).group(1).split(",")
    kept = re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), flags=re.MULTILINE)
    packages = {name.split(".")[0] for name in project["tool"]["setuptools"]["packages"]}

    assert set(extras) <= set(project["project"]["optional-dependencies"])
    assert not any("torch" in each for extra in extras for each in project["project"]["optional-dependencies"][extra])
    assert packages <= set(kept)
    assert all((ROOT / name).exists() for name in kept)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_systemd_takes_the_unit(tmp_path):
    """Systemd finds nothing wrong with the unit, the program's path aside."""
    unit = tmp_path / "budgetfusion.service"
    unit.write_text(UNIT.replace("/opt/budgetfusion/bin/budgetfusion", "/bin/true"), encoding="utf-8")
    done = subprocess.run(
        [str(shutil.which("systemd-analyze")), "verify", str(unit)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
