"""What the how-to guides tell model users to type works on the embedded model."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "use-a-predictor-in-diffusers.md"


def test_the_python_of_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block, one after the other, in an empty folder; it ends with a picture of curves and an image."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    told: dict[str, object] = {}

    for block in blocks:
        exec(block, told)  # noqa: S102 -- our own page

    assert len(blocks) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"my-predictor", "curves.png"}
    assert told["image"].size == (64, 64)
