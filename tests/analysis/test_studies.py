"""Files of a report are matched by the digests that they carry."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import ComparisonError, DigestError, NoChoicesError
from analysis.studies import read_studies

Write = Callable[..., Any]


def test_the_manifest_declares_the_pair(write_study: Write) -> None:
    """With the material, the pair is the manifest's; a folder and its manifest.json are the same."""
    study = write_study()
    folder, file = (read_studies([study.choices], [path]) for path in (study.stimuli, study.stimuli / "manifest.json"))

    assert [s.compare for s in folder] == [s.compare for s in file] == [("OURS", "UNIFORM")]
    assert folder[0].manifest == study.manifest


def test_choices_about_other_material_are_refused(tmp_path: Path, write_study: Write) -> None:
    """No manifest with their digest: an error, whatever else is given."""
    study = write_study()
    study.frame.assign(manifest_digest="0" * 64).to_csv(study.choices, index=False)

    with pytest.raises(DigestError, match="manifest digest 000000000000"):
        read_studies([study.choices], [study.stimuli])


def test_without_material_the_pair_must_be_named(write_study: Write) -> None:
    """Nothing is guessed: without a manifest, and for a pair that nobody saw, the conditions are listed."""
    study = write_study()

    with pytest.raises(ComparisonError, match=r"found the conditions \['OURS', 'UNIFORM'\]"):
        read_studies([study.choices])
    with pytest.raises(ComparisonError, match="expected a pair that was compared"):
        read_studies([study.choices], compare=[("OURS", "NOBODY")])
    assert read_studies([study.choices], compare=[("UNIFORM", "OURS")])[0].name == "UNIFORM v OURS"


def test_a_mode_that_is_not_there_is_named(write_study: Write) -> None:
    """Asking for live choices of a rehearsal is an error, not an empty report."""
    study = write_study(mode="bot")

    with pytest.raises(NoChoicesError, match="Found no choices of mode live"):
        read_studies([study.choices], [study.stimuli], mode="live")
