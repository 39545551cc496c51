"""The folder that a training fills: settings, checkpoints, results of the stages, and the finished weights."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import budgetfusion
from budgetfusion.files import write_text
from budgetfusion.scenes.training.errors import ScenesTrainingError
from budgetfusion.scenes.training.settings import Settings

Figures = dict[str, float]
"""What a stage reports of itself; units end the names."""

_PACKAGE = Path(budgetfusion.__file__).resolve().parent


@dataclass(frozen=True)
class TrainingFolder:
    """`settings.json`, `checkpoints/STAGE.pt`, `stages/STAGE/`, and in the end `pipeline/`, `clip/` and `sheet.png`."""

    path: Path

    def open(self, settings: Settings) -> None:
        """Make the folder, or check that it was begun with the same settings.

        Raises:
            ScenesTrainingError: If it lies inside the package, or was begun with other settings.
        """
        if self.path.resolve().is_relative_to(_PACKAGE):
            found, expected = "lies inside the package budgetfusion", "a folder outside of it"
            raise ScenesTrainingError(self.path, found, expected, "Choose another one with --out.")
        file, text = self.path / "settings.json", json.dumps(asdict(settings), indent=2)
        if not file.exists():
            write_text(file, text)
        elif file.read_text(encoding="utf-8") != text:
            remedy = "Give the options it was begun with, or another folder with --out."
            raise ScenesTrainingError(self.path, "was begun with other settings", f"'{settings.name}'", remedy)

    def checkpoint(self, stage: str) -> Path:
        """Where an unfinished stage keeps its state."""
        return self.path / "checkpoints" / f"{stage}.pt"

    def is_finished(self, stage: str) -> bool:
        """Say whether a stage's result is there."""
        return self._stage(stage).is_dir()

    def result(self, stage: str) -> Path:
        """Return the folder with the result of a finished stage.

        Raises:
            ScenesTrainingError: If the stage is not finished.
        """
        if not self.is_finished(stage):
            remedy = f"Run it first: --stages {stage}, or leave --stages out."
            raise ScenesTrainingError(self.path, f"stage '{stage}' is not finished", "its result", remedy)
        return self._stage(stage)

    @contextmanager
    def finishing(self, stage: str) -> Iterator[Path]:
        """Yield an empty folder that becomes the stage's result, in its checkpoint's stead, if the block ends well."""
        with replacing_folder(self._stage(stage)) as partial:
            yield partial
        self.checkpoint(stage).unlink(missing_ok=True)

    def _stage(self, stage: str) -> Path:
        return self.path / "stages" / stage


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`; it replaces `path` if the block ends well and is removed if not."""
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(path, ignore_errors=True)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
