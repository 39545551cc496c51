"""BLIP's captions."""

from pathlib import Path

import pytest

from budgetfusion.metrics import Pixels, blip
from budgetfusion.metrics.blip import Blip
from budgetfusion.metrics.errors import EncoderUnavailableError


def test_every_image_has_a_caption(small_blip: Path, pictures: Pixels) -> None:
    """Of at most twenty words that the model knows, and not the same for all."""
    captions = Blip(small_blip)(pictures)

    assert len(captions) == 32
    assert len(set(captions)) > 4
    assert all(0 < len(caption.split()) <= blip.MOST_TOKENS for caption in captions)
    assert not any("[" in caption for caption in captions)


def test_a_caption_does_not_depend_on_the_batch(small_blip: Path, pictures: Pixels) -> None:
    """Nor on when it is asked for: nothing is drawn."""
    caption = Blip(small_blip)
    together = caption(pictures)

    assert [caption(image[None])[0] for image in pictures] == together == caption(pictures)


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    """With what to do instead."""
    with pytest.raises(EncoderUnavailableError, match=r"Network '.*none' cannot be loaded: .*--encoder scenes"):
        Blip(tmp_path / "none")


def test_the_hub_s_model_is_pinned() -> None:
    """An id alone could mean other weights tomorrow."""
    assert blip.HUB == "Salesforce/blip-image-captioning-base"
    assert len(blip.REVISION) == 40
