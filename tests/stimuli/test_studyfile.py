"""A study file is valid as a whole or refused with the key and the reason."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from budgetfusion.prompts import EmptyPromptsError
from stimuli.conditions import PRESET
from stimuli.errors import StudyFileError
from stimuli.studyfile import StudyFile, read_study_file, template


def write_study(folder: Path, *replacements: tuple[str, str], prompts: str = "a red ball\na blue box\n") -> Path:
    """Write the template, with some text replaced, and its prompts into a folder; return the study file's path."""
    text = template()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "prompts.txt").write_text(prompts, encoding="utf-8")
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_template_is_valid(tmp_path: Path) -> None:
    """What `study new` writes can be read, and spells out the preset."""
    study = read_study_file(write_study(tmp_path))

    assert study.stimuli.prompts == ["a red ball", "a blue box"]
    assert tuple(study.stimuli.conditions) == PRESET


def test_the_template_shows_every_key() -> None:
    """Whoever opens the template sees everything that can be set; what excludes another key stands in a comment."""
    written = tomllib.loads(template())
    known = {name: set(table.annotation.model_fields) for name, table in StudyFile.model_fields.items()}  # type: ignore[union-attr]
    commented = {
        "generation": {"revision", "height", "width"},
        "stimuli": {"prompts_from", "num_prompts", "prompts_seed", "pairs_per_item", "bridge"},
    }

    assert {name: set(table) for name, table in written.items()} == {
        name: keys - commented.get(name, set()) for name, keys in known.items()
    }
    assert [key for key in commented["stimuli"] if f"# {key} = " not in template()] == []


def test_an_inline_list_of_prompts_is_accepted(tmp_path: Path) -> None:
    """Blank prompts are dropped, the order is kept."""
    path = write_study(tmp_path, ('"prompts.txt"', '["b ", "a", " "]'))

    assert read_study_file(path).stimuli.prompts == ["b", "a"]


@pytest.mark.parametrize("prompts", ["", "\n  \n"])
def test_a_prompts_file_without_text_is_refused(tmp_path: Path, prompts: str) -> None:
    """An empty study costs money too."""
    with pytest.raises(EmptyPromptsError, match=r"prompts\.txt: found no prompt, expected at least one line of text"):
        read_study_file(write_study(tmp_path, prompts=prompts))


@pytest.mark.parametrize("value", ["[]", '[" "]'])
def test_an_empty_list_of_prompts_is_refused(tmp_path: Path, value: str) -> None:
    """The same holds for a list."""
    with pytest.raises(EmptyPromptsError, match=r"study\.toml: found no prompt"):
        read_study_file(write_study(tmp_path, ('"prompts.txt"', value)))


def test_a_missing_prompts_file_is_named(tmp_path: Path) -> None:
    """It is looked for beside the study file."""
    with pytest.raises(EmptyPromptsError, match=re.escape(str(tmp_path / "other.txt"))):
        read_study_file(write_study(tmp_path, ("prompts.txt", "other.txt")))


def test_a_missing_study_file_is_named(tmp_path: Path) -> None:
    """The message says how to get one."""
    with pytest.raises(StudyFileError, match=r"study\.toml: file is missing\. .* `budgetfusion study new`"):
        read_study_file(tmp_path / "study.toml")


@pytest.mark.parametrize("content", [b"[study\n", b"name = '\xff'"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    """Broken syntax and a broken encoding are one kind of fault."""
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(StudyFileError, match=r"study\.toml: not valid TOML \("):
        read_study_file(path)


FAULTS = [
    ('name = "my-study"', 'name = "My study"', "key 'study.name': String should match pattern"),
    ('contact = "', 'kontact = "', "key 'study.contact': Field required"),
    ('scheduler = "euler"', 'scheduler = "ddim"', "key 'generation.scheduler': Input should be 'euler'"),
    ("guidance_scale = 7.5", "guidance_scale = -1", "key 'generation.guidance_scale': .* greater than or equal to 0"),
    ("seeds = [0]", "seeds = []", "key 'stimuli.seeds': List should have at least 1 item"),
    ("catch_items = 4", "catch_items = -1", "key 'stimuli.catch_items': .* greater than or equal to 0"),
    ("practice_items = 2", "practice_items = -1", "key 'stimuli.practice_items': .* greater than or equal to 0"),
    (
        "obvious_num_steps = 3",
        "obvious_num_steps = 0",
        "key 'stimuli.obvious_num_steps': .* or equal to 1",
    ),
    ('["OURS", "UNIFORM"]', '["OURS", "THEIRS"]', r"key 'stimuli': .*unknown condition \['THEIRS'\], declared are"),
    ('["OURS", "UNIFORM"]', '["OURS", "OURS"]', "key 'stimuli': .*compare needs different conditions"),
    ('["OURS", "UNIFORM"]', '["OURS"]', r"key 'stimuli\.compare': List should have at least 2 items"),
    ('pairs = "full"', 'pairs = "bridge"', "key 'stimuli': bridge is given exactly when pairs is 'bridge'"),
    ('pairs = "full"', 'pairs = "full"\nbridge = "OURS"', "key 'stimuli': bridge is given exactly when"),
    ('pairs = "full"', 'pairs = "balanced"', "key 'stimuli': pairs_per_item is given exactly when"),
    ('pairs = "full"', 'pairs = "balanced"\npairs_per_item = 2', "key 'stimuli': .* but there are only 1 pairs"),
    ('pairs = "full"', 'pairs = "bridge"\nbridge = "NONE"', r"unknown condition \['NONE'\]"),
    ('pairs = "full"', 'pairs = "some"', "key 'stimuli.pairs': Input should be 'full', 'balanced' or 'bridge'"),
    ('image_format = "png"', 'image_format = "jpeg"', "key 'stimuli.image_format': Input should be 'png' or 'webp'"),
    ("identical_items = 0", "identical_items = -1", "key 'stimuli.identical_items': .* greater than or equal to 0"),
    ("check_items = 0", "check_items = -1", "key 'stimuli.check_items': .* greater than or equal to 0"),
    ('prompts = "prompts.txt"', "", "key 'stimuli.prompts': found neither of prompts and prompts_from"),
    ("seeds = [0]", 'seeds = [0]\nprompts_from = "held-out"', "key 'stimuli.prompts': found both of prompts and"),
    ("seeds = [0]", "seeds = [0]\nnum_prompts = 4", "key 'stimuli.num_prompts': it is given exactly when"),
    ('prompts = "prompts.txt"', 'prompts_from = "held-out"', "key 'stimuli.num_prompts': it is given exactly when"),
    ('prompts = "prompts.txt"', 'prompts_from = "train"', "key 'stimuli.prompts_from': Input should be 'held-out'"),
    ('"prompts.txt"', '["b ", "a", "b"]', "key 'stimuli.prompts': 'b' stands 2 times in the list, expected each"),
    ('model = "scenes"', 'model = "scenes"\nmodle = "x"', "key 'generation.modle': Extra inputs are not permitted"),
    ('rule = "uniform"', 'rule = "uniform"\nfactor = 2.0', "factor is given only when rule is 'predicted'"),
    ('name = "UNIFORM"', 'name = "SAME"', "SAME names the program's own images; choose another name"),
    (
        'reference = "REFERENCE"',
        'reference = ""',
        "key 'stimuli': .*else set them to 0",
    ),
    ('reference = "REF', 'reference = "NO', r"key 'stimuli': .*unknown condition \['NOERENCE'\]"),
    ('name = "UNIFORM"', 'name = "OURS"', "key 'stimuli': .*condition names must differ"),
    ('name = "UNIFORM"', 'name = "uniform"', r"key 'stimuli\.conditions\.1\.name': String should match pattern"),
    ('rule = "uniform"', 'rule = "steps"', r"key 'stimuli\.conditions\.1': .* exactly when rule is 'steps'"),
    ('rule = "steps"', 'rule = "uniform"', r"key 'stimuli\.conditions\.2': .* exactly when rule is 'steps'"),
    ("num_steps = 65", "num_steps = 0", r"key 'stimuli\.conditions\.2\.num_steps': .* greater than or equal to 1"),
    ("num_steps = 65", "num_steps = 1001", r"key 'stimuli\.conditions\.2\.num_steps': .* less than or equal to 1000"),
    ('task = "similar', 'task = "dissimilar', "key 'design.task': Input should be 'similar-to-reference'"),
    ("participants = 24", "participants = 0", "key 'design.participants': .* greater than or equal to 1"),
    ("main_trials = 24", "main_trials = 0", "key 'design.main_trials': .* greater than or equal to 1"),
    ("repeats = 4", "repeats = -1", "key 'design.repeats': .* greater than or equal to 0"),
    ("blocks = 2", "blocks = 0", "key 'design.blocks': .* greater than or equal to 1"),
    ("blank_ms = 500", "blank_ms = -1", "key 'design.blank_ms': .* greater than or equal to 0"),
    ("alpha = 0.05", "alpha = 0.5", "key 'analysis.alpha': .* less than 0.5"),
    ("alpha = 0.05", "alpha = 0", "key 'analysis.alpha': .* greater than 0"),
    ("min_catch_accuracy = 0.6", "min_catch_accuracy = 60", "key 'analysis.min_catch_accuracy': .* less than or equal"),
    (
        "min_median_rt_ms = 300",
        "min_median_rt_ms = -1",
        "key 'analysis.min_median_rt_ms': .* or equal to 0",
    ),
    ("blocks = 2", "bloks = 2", "key 'design.bloks': Extra inputs are not permitted"),
    ("[analysis]", "[analyses]", "key 'analyses': Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("old", "new", "message"), FAULTS)
def test_a_fault_is_named_by_its_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Every limit of the study file is kept, and the message names the key and the reason."""
    with pytest.raises(StudyFileError, match=message):
        read_study_file(write_study(tmp_path, (old, new)))


DIGESTS = ("stimuli_digest", "study_digest", "analysis_digest")


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("guidance_scale = 7.5", "guidance_scale = 5.0", "stimuli_digest"),
        ("seeds = [0]", "seeds = [1]", "stimuli_digest"),
        ("repeats = 4", "repeats = 5", "study_digest"),
        ('question = "Which image', 'question = "Which one', "study_digest"),
        ("alpha = 0.05", "alpha = 0.01", "analysis_digest"),
        ('title = "Which', 'title = "What', None),
    ],
)
def test_a_change_shows_in_one_digest(tmp_path: Path, old: str, new: str, changed: str | None) -> None:
    """Each table has its own digest, so a correction freezes or spoils nothing else."""
    before, after = (read_study_file(write_study(tmp_path, *change)) for change in ([], [(old, new)]))

    assert [name for name in DIGESTS if _differ(before, after, name)] == ([changed] if changed else [])


def test_the_prompts_are_in_the_digest_by_their_text(tmp_path: Path) -> None:
    """A list and a file with the same prompts make the same images."""
    listed = read_study_file(write_study(tmp_path, ('"prompts.txt"', '["a red ball", "a blue box"]')))
    named = read_study_file(write_study(tmp_path))

    assert listed.stimuli_digest == named.stimuli_digest


def _differ(before: StudyFile, after: StudyFile, name: str) -> bool:
    values: list[Any] = [getattr(study, name) for study in (before, after)]
    return values[0] != values[1]
