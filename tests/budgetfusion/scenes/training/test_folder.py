"""A training folder keeps whole results only."""

from pathlib import Path

import pytest

import budgetfusion
from budgetfusion.scenes.training.errors import ScenesTrainingError
from budgetfusion.scenes.training.folder import TrainingFolder
from budgetfusion.scenes.training.settings import FULL, SMOKE


def test_a_folder_in_the_package_is_refused(tmp_path: Path) -> None:
    """Also by way of a link."""
    inside = Path(budgetfusion.__file__).parent / "scenes" / "new"
    (tmp_path / "link").symlink_to(inside)
    for path in (inside, tmp_path / "link"):
        with pytest.raises(ScenesTrainingError, match="lies inside the package budgetfusion"):
            TrainingFolder(path).open(SMOKE)

    assert not inside.exists()


def test_a_folder_keeps_to_its_settings(tmp_path: Path) -> None:
    """The same ones are welcome again, others are not."""
    folder = TrainingFolder(tmp_path)
    folder.open(SMOKE)
    folder.open(SMOKE)
    with pytest.raises(ScenesTrainingError, match=r"begun with other settings, expected 'full'\. Give the options"):
        folder.open(FULL)


def test_a_result_is_there_when_it_is_whole(tmp_path: Path) -> None:
    """Before, during and after a failure there is none; the checkpoint goes with success."""
    folder = TrainingFolder(tmp_path)
    folder.checkpoint("vae").parent.mkdir()
    folder.checkpoint("vae").touch()
    with pytest.raises(RuntimeError), folder.finishing("vae"):
        raise RuntimeError
    with pytest.raises(ScenesTrainingError, match="stage 'vae' is not finished"):
        folder.result("vae")
    assert folder.checkpoint("vae").exists()
    with folder.finishing("vae") as partial:
        (partial / "weights").touch()
        assert not folder.is_finished("vae")

    assert [file.name for file in folder.result("vae").iterdir()] == ["weights"]
    assert not folder.checkpoint("vae").exists()
