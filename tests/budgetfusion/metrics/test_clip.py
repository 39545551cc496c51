"""CLIP from a folder or the hub."""

from pathlib import Path

import numpy as np
import pytest

from budgetfusion.metrics import Pixels, clip
from budgetfusion.metrics.clip import Clip
from budgetfusion.metrics.errors import EncoderUnavailableError


def test_images_and_texts_lie_in_one_space(small_clip: Path, pictures: Pixels) -> None:
    """One row for each, all of the same width."""
    found = Clip(small_clip)

    assert found.images(pictures).shape == (32, 24)
    assert found.texts(["a red ball", "a box"]).shape == (2, 24)


def test_an_image_does_not_depend_on_the_batch(small_clip: Path, pictures: Pixels) -> None:
    """Alone or among 31 others: the same up to the last bits of float32."""
    found = Clip(small_clip)
    together, alone = found.images(pictures), np.concatenate([found.images(image[None]) for image in pictures])

    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-6)


def test_a_text_does_not_depend_on_the_batch(small_clip: Path) -> None:
    """Nor on how long its neighbours are."""
    found = Clip(small_clip)
    texts = ["a", "a red ball", "a box in a field", "sky"]
    together, alone = found.texts(texts), np.concatenate([found.texts([text]) for text in texts])

    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-6)


def test_of_a_long_text_the_beginning_is_heard(small_clip: Path) -> None:
    """Sixteen tokens, marks included; no text is refused."""
    found = Clip(small_clip)

    np.testing.assert_array_equal(found.texts(["a" * 50]), found.texts(["a" * 70]))


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    """With what to do instead."""
    with pytest.raises(EncoderUnavailableError, match=r"Network '.*none' cannot be loaded: .*--encoder scenes"):
        Clip(tmp_path / "none")


def test_the_hub_s_model_is_pinned() -> None:
    """An id alone could mean other weights tomorrow."""
    assert clip.HUB == "openai/clip-vit-large-patch14"
    assert len(clip.REVISION) == 40
