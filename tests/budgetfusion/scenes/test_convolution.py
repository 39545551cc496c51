"""Pictures go in as the trunk takes them; weights come back as they were written."""

from pathlib import Path

import numpy as np
import pytest
import torch

from budgetfusion.errors import FileContentError
from budgetfusion.scenes.convolution import Trunk, read_half, save_half, to_images, to_pixels

RNG = np.random.default_rng(0)


def test_the_trunk_makes_two_maps() -> None:
    """Of 16 x 16 and of 8 x 8 places."""
    fine, coarse = Trunk((8, 16, 24))(torch.zeros(2, 3, 64, 64))

    assert (tuple(fine.shape), tuple(coarse.shape)) == ((2, 16, 16, 16), (2, 24, 8, 8))


def test_pixels_become_the_images_that_they_were() -> None:
    """Every level of 256 survives."""
    images = RNG.integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)

    np.testing.assert_array_equal(to_images(to_pixels(images, "cpu")), images)


def test_larger_images_are_resized() -> None:
    """A flat image keeps its colour."""
    pixels = to_pixels(np.full((1, 96, 128, 3), 255, dtype=np.uint8), "cpu")

    assert pixels.shape == (1, 3, 64, 64)
    torch.testing.assert_close(pixels, torch.ones_like(pixels))


def test_weights_are_written_in_half_precision(tmp_path: Path) -> None:
    """And read in single precision, with what was said about them."""
    network = torch.nn.Linear(3, 2)
    save_half(network, tmp_path / "weights", {"what": "this"})
    metadata, weights = read_half(tmp_path / "weights", "a network", {"what"})

    assert metadata == {"what": "this"}
    assert torch.equal(weights["weight"], network.weight.detach().half().float())


def test_a_file_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    """A missing file, one that is no safetensors, and another network's weights; the message says what to do."""
    (tmp_path / "text").write_text("no weights", encoding="utf-8")
    save_half(torch.nn.Linear(1, 1), tmp_path / "other", {"what": "that"})
    for name, found in (("none", "no file"), ("text", "no safetensors"), ("other", "another network")):
        with pytest.raises(FileContentError, match=rf"found {found}, expected a judge\. Run `python -m budgetfusion"):
            read_half(tmp_path / name, "a judge", {"judge"})
