"""`budgetfusion stimuli render` from the outside: how much work, what is there, parts, and the manifest."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stimuli.cli import stimuli as command
from stimuli.manifest import read_manifest
from stimuli.studyfile import template

STUDY = """
prompts = ["a red ball on a green field", "an empty white wall"]
seeds = [0]
compare = ["S2", "REFERENCE"]
reference = "REFERENCE"
catch_items = 1
practice_items = 0
obvious_num_steps = 1
image_format = "webp"
[[stimuli.conditions]]
name = "S2"
rule = "steps"
num_steps = 2
[[stimuli.conditions]]
name = "REFERENCE"
rule = "steps"
num_steps = 4
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study file of six small images."""
    before, rest = template().split("[stimuli]\n", 1)
    path = tmp_path / "study.toml"
    path.write_text(f"{before}[stimuli]{STUDY}\n[design]\n{rest.split('[design]', 1)[1]}", encoding="utf-8")
    return path


def run(*words: object) -> Result:
    """Run `budgetfusion stimuli` with these words."""
    return CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)


def test_rendering_in_parts_from_the_command_line(study: Path, tmp_path: Path) -> None:
    """A dry run stores nothing; two parts make every image once; the last run only freezes the manifest."""
    out = tmp_path / "stimuli"
    dry = run("render", study, "--out", out, "--dry-run")
    assert "6 images, 17 denoising steps; 0 are there and verify" in dry.stderr
    assert re.search(r"about \d+ s on \w+ and 0\.0 MB on the disk", dry.stdout)
    assert not out.exists()

    parts = [run("render", study, "--out", out, "--part", f"{k}/2") for k in (1, 2)]
    assert [part.stdout.split(" (")[0] for part in parts] == [f"Part {k} of 2: {out}" for k in (1, 2)]
    assert not (out / "manifest.json").exists()

    last = run("render", study, "--out", out)
    assert "0 images, 0 denoising steps; 6 are there and verify" in last.stderr
    assert f"Stimuli: {out} (3 items, 0 of them identical pairs, {read_manifest(out).digest[:12]})" in last.stdout
    assert "OK: 6 images are the manifest's" in run("verify", out).stdout
    assert len(list((out / "images").glob("*.webp"))) == 6


@pytest.mark.parametrize("part", ["3/2", "0/2", "1", "a/b", "-1/2"])
def test_a_part_that_is_none_is_refused(study: Path, tmp_path: Path, part: str) -> None:
    """Before anything is loaded."""
    found = run("render", study, "--out", tmp_path / "s", "--part", part)

    assert found.exit_code == 2
    assert f"found '{part}', expected a part such as 1/2" in found.stderr
