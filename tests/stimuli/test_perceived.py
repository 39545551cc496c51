"""The sidecar of simulated observers."""

from pathlib import Path

import pytest

from stimuli.errors import ManifestError
from stimuli.perceived import Perceived, read_perceived, write_perceived

PERCEIVED = Perceived(metric="d_sim", distances={"a:b": 0.25})


def test_distances_are_read_as_written(tmp_path: Path) -> None:
    """Bit for bit."""
    write_perceived(tmp_path, PERCEIVED)

    assert read_perceived(tmp_path) == PERCEIVED


def test_a_distance_is_found_by_both_images() -> None:
    """The reference comes first."""
    assert PERCEIVED.distance("a", "b") == 0.25


def test_an_image_is_at_no_distance_from_itself() -> None:
    """The same pixels need no entry."""
    assert PERCEIVED.distance("c", "c") == 0.0


def test_a_pair_that_was_never_compared_is_a_fault() -> None:
    """An observer never guesses what it did not see."""
    with pytest.raises(KeyError, match="b:a"):
        PERCEIVED.distance("b", "a")


def test_a_missing_sidecar_is_named(tmp_path: Path) -> None:
    """It is made where the images are made."""
    with pytest.raises(ManifestError, match=r"perceived\.json: file is missing"):
        read_perceived(tmp_path)
