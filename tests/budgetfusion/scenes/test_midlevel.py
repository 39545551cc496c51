"""The encoder of layout turns each picture into features of its own."""

from pathlib import Path

import numpy as np
import pytest
import torch

from budgetfusion.errors import FileContentError
from budgetfusion.scenes import midlevel
from budgetfusion.scenes.midlevel import Config, MidLevel, MidLevelNetwork

SMALL = Config(widths=(8, 8, 16), channels=4, features=12)
IMAGES = np.random.default_rng(0).integers(0, 256, (70, 64, 64, 3), dtype=np.uint8)  # more than one batch


@pytest.fixture(scope="module")
def encoder() -> MidLevel:
    """An encoder without any training."""
    torch.manual_seed(0)
    return MidLevel(MidLevelNetwork(SMALL))


def test_every_image_has_features_of_its_own(encoder: MidLevel) -> None:
    """Its company changes nothing but the last bits."""
    features = encoder.features(IMAGES)

    assert features.shape == (70, 12)
    np.testing.assert_allclose(features[69], encoder.features(IMAGES[69:])[0], atol=1e-5)


def test_an_encoder_comes_back_from_its_file(encoder: MidLevel, tmp_path: Path) -> None:
    """With the same features, but for half precision."""
    midlevel.save(encoder.network, tmp_path / "encoder.safetensors")
    found = midlevel.load(tmp_path / "encoder.safetensors")

    np.testing.assert_allclose(found.features(IMAGES[:4]), encoder.features(IMAGES[:4]), atol=5e-3)


def test_a_missing_encoder_is_an_expected_failure(tmp_path: Path) -> None:
    """The message says how to make one."""
    with pytest.raises(FileContentError, match=r"found no file, expected an encoder of layout\. Run `python -m"):
        midlevel.load(tmp_path / "none.safetensors")
