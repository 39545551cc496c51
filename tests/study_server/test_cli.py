"""`budgetfusion study` from the outside: what each command does, and each error as one line."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from budgetfusion.errors import BudgetFusionError
from stimuli.errors import StimulusMissingError
from study_server.cli import study
from study_server.db import Database
from study_server.errors import AuditError, FileThereError, PortTakenError, UnknownParticipantError, UnknownStudyError
from study_server.serving import listen


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command on a database of its own; an expected failure is raised."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'cli.db'}")

    def call(*words):
        result = CliRunner().invoke(study, [str(word) for word in words], catch_exceptions=True)
        if isinstance(result.exception, BudgetFusionError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return call


@pytest.fixture
def tiny_toml(tiny, tmp_path):
    """The study file of the tiny study."""
    study_file = tiny.study_file()
    lines = ["[study]"] + [f"{k} = {v!r}" for k, v in study_file.study.model_dump().items()]
    lines += ["[stimuli]", "prompts = ['a wall']", "seeds = [0]", "[design]"]
    lines += [f"{k} = {v!r}" for k, v in study_file.design.model_dump(exclude_defaults=True).items()]
    lines += ["[texts]"] + [f"{k} = {v!r}" for k, v in study_file.texts.model_dump(exclude_defaults=True).items()]
    path = tmp_path / "study.toml"
    path.write_text("\n".join(lines).replace("\\n", " "))
    return path


def test_importing_the_commands_imports_nothing_heavy():
    """The command group alone loads no web server, database, pydantic or numpy."""
    heavy = "flask sqlalchemy alembic pydantic numpy httpx waitress rich pyarrow PIL"
    code = f"import sys, study_server.cli; print([m for m in '{heavy}'.split() if m in sys.modules])"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_images_in_a_store_are_verified_where_they_are_served_from(run, tiny_toml, stimuli_folder, tmp_path):
    """With --images-url the folder holds the manifest, and the store STUDY/images/."""
    (tmp_path / "store" / "tiny").mkdir(parents=True)
    shutil.copytree(stimuli_folder / "images", tmp_path / "store" / "tiny" / "images")
    there, nowhere = f"file://{tmp_path}/store", "memory://nothing-there"

    assert "30 images verified" in run("create", tiny_toml, "--stimuli", stimuli_folder, "--images-url", there)
    with pytest.raises(StimulusMissingError, match=r"nothing-there/tiny/images/.*image is missing"):
        run("create", tiny_toml, "--stimuli", stimuli_folder, "--images-url", nowhere)


def test_the_whole_path_from_file_to_export(run, tiny_toml, stimuli_folder, tmp_path):
    """create, create again, status, simulate, export: each says where its result is."""
    assert "Created study 'tiny': 30 images verified" in run("create", tiny_toml, "--stimuli", stimuli_folder)
    assert "Unchanged: study 'tiny'" in run("create", tiny_toml, "--stimuli", stimuli_folder)
    assert "2 simulated observers finished 'tiny'" in run("simulate", "tiny", "--observers", 2)
    assert "20 answers stored" in run("status", "tiny")
    assert "choices.parquet (20 choices)" in run("export", "tiny", "--out", tmp_path / "out")
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")) == [
        "choices.csv",
        "choices.jsonl",
        "choices.parquet",
        "codebook.json",
        "codebook.md",
        "pair-counts.csv",
        "psych-ds/data/study-tiny_data.csv",
        "psych-ds/dataset_description.json",
    ]


def test_a_study_is_paused_opened_and_closed_by_command(run, tiny_toml, stimuli_folder):
    """pause, resume, close and codes say what is so afterwards, and a closed study stays closed."""
    run("create", tiny_toml, "--stimuli", stimuli_folder, "--lease-minutes", 20)

    assert "is paused now" in run("pause", "tiny", "--because", "a look")
    assert "paused (a look)" in " ".join(run("status", "tiny").split())
    assert "nothing changed" in run("pause", "tiny")
    assert "is open now" in run("resume", "tiny")
    assert "is closed now" in run("close", "tiny", "--yes")
    assert "not paused; nothing changed" in run("resume", "tiny")
    assert len(re.findall(r"^(\w+) +[A-Z2-9]{8}$", run("codes", "tiny"), flags=re.MULTILINE)) == 8


def test_chains_are_proved_and_people_forgotten_by_command(run, tiny_toml, stimuli_folder, tmp_path):
    """checkpoint, verify, erase, anonymise and retain work together, and a meddled database is an error."""
    run("create", tiny_toml, "--stimuli", stimuli_folder)
    run("simulate", "tiny", "--observers", 2)
    head = run("audit", "checkpoint").strip()
    assert "Erased 10 answers" in run("erase", "tiny", "P-0001", "--yes")
    verified = run("audit", "verify", "--head", head)
    assert "erased: session 1" in verified
    assert "rows are as they were written" in verified
    assert "kept until 2020-01-31" in run("retain", "tiny", "--until", "2020-01-31")
    assert "Nothing is due" in run("retain")
    assert "Forgot 0 identities" in run("anonymise", "tiny", "--yes")
    with pytest.raises(UnknownParticipantError):
        run("erase", "tiny", "P-9999", "--yes")
    database = Database(f"sqlite:///{tmp_path / 'cli.db'}")
    with database.writing() as db:
        db.execute(text("DELETE FROM answer WHERE session_id = 2 AND position = 4"))
    database.close()
    with pytest.raises(AuditError, match="1 fault"):
        run("audit", "verify")


def test_accounts_are_made_and_removed_by_command(run):
    """Add prints what the authenticator app reads, list names everybody, remove removes."""
    run("db", "upgrade")

    assert "otpauth://totp/BudgetFusion:anna" in run(
        "account", "add", "anna", "--role", "owner", "--password", "p" * 12
    )
    assert "one-time code" in run("account", "list")
    assert "no more" in run("account", "remove", "anna")
    assert run("account", "list") == ""


def test_a_backup_is_restored_by_command(run, tiny_toml, stimuli_folder, tmp_path):
    """Backup writes a file that restore fills a new database from."""
    run("create", tiny_toml, "--stimuli", stimuli_folder)
    other = f"sqlite:///{tmp_path / 'other.db'}"

    assert "Wrote" in run("db", "backup", tmp_path / "copy")
    assert "holds what" in run("db", "restore", tmp_path / "copy", "--database", other)
    assert "tiny: open" in " ".join(run("status", "tiny", "--database", other).split())


def test_new_writes_a_study_that_lints(run, tmp_path):
    """The written file is valid, names what is to be replaced, and is never overwritten."""
    path = tmp_path / "my.toml"
    run("new", path)

    said = run("lint", path)

    assert ": OK" in said
    assert "still says REPLACE" in said
    assert len(re.findall(r"[0-9a-f]{64}", said)) == 3
    assert len((tmp_path / "prompts.txt").read_text().splitlines()) == 8
    with pytest.raises(FileThereError, match="is not overwritten"):
        run("new", path)


def test_the_tables_go_up_and_down(run):
    """The db commands upgrade, current and downgrade tell the version."""
    assert "version 5" in run("db", "upgrade")
    assert "version 5, this program's is 5" in run("db", "current")


def test_an_unknown_study_lists_the_known_ones(run):
    """A misspelt name is answered with what is there."""
    run("db", "upgrade")
    with pytest.raises(UnknownStudyError, match="'nme' is not in the database, which holds: none"):
        run("status", "nme")


def test_a_taken_port_names_the_option(run, monkeypatch):
    """The server refuses a taken port before anything else."""
    monkeypatch.setenv("SECRET_KEY", "k")
    taken = listen("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with pytest.raises(PortTakenError, match=f"Port {port} on 127.0.0.1 is taken.*--port {port + 1}"):
        run("serve", "--port", port)
    taken.close()


def test_an_error_is_one_line_and_exit_code_1(tmp_path):
    """From the shell, an expected failure has no traceback."""
    environ = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}"}
    command = [sys.executable, "-m", "budgetfusion", "study", "status", "tiny"]

    failed = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)

    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert failed.stderr.startswith("error: Database sqlite")


def test_serve_prints_links_that_work(created, tmp_path):
    """With --demo-links the study, the desk and the report open by their printed links."""
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "index.html").write_text("the report")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["serve", "--demo-links", "--port", str(port), "--report", str(tmp_path / "report")]
    command = [sys.executable, "-u", "-m", "budgetfusion", "study", *words, "--database", created.url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        links = re.findall(r"http\S+", "".join(process.stdout.readline() for _ in range(3)))
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        with httpx.Client(follow_redirects=True, trust_env=False) as client:
            pages = [client.get(link).text for link in links]
    finally:
        process.terminate()  # not SIGINT: a job in the background of a shell ignores it
        process.communicate(timeout=10)

    assert ["Welcome" in pages[0], "Participants" in pages[1], pages[2]] == [True, True, "the report"]


def test_closing_a_database_releases_its_file(tmp_path):
    """A closed database holds no connection."""
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    database.close()

    (tmp_path / "x.db").unlink()


def _wait_for(url):
    for _ in range(100):
        try:
            return httpx.get(url, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.1)
    raise AssertionError(url)
