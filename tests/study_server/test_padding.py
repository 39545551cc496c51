"""Equally long files: valid images with the same pixels, whose length tells nothing."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stimuli.store import encode
from study_server.padding import OVERHEAD, padded


def picture(side, colours):
    """Return noise of so many colours: the fewer, the shorter the file."""
    rng = np.random.default_rng(side)
    return (rng.integers(0, colours, (side, side, 3)) * 3).astype(np.uint8)


@pytest.mark.parametrize("image_format", ["png", "webp"])
@settings(deadline=None)  # the first decoding is slow
@given(side=st.integers(1, 40), colours=st.integers(1, 80), more=st.integers(0, 500))
def test_a_padded_file_has_the_wished_length_and_the_same_pixels(image_format, side, colours, more):
    """Whatever the picture and the longest file are, a strict decoder finds the same pixels."""
    pixels = picture(side, colours)
    data = encode(pixels, image_format)
    longer = padded(data, len(data) + 2 * more, image_format)

    assert len(longer) == len(data) + 2 * more + OVERHEAD[image_format]
    with Image.open(io.BytesIO(longer)) as image:
        image.verify()
    with Image.open(io.BytesIO(longer)) as image:
        assert (np.asarray(image.convert("RGB")) == pixels).all()


def test_a_file_that_is_longer_than_the_longest_is_refused():
    """It is never cut."""
    data = encode(picture(4, 8), "png")

    with pytest.raises(ValueError, match="expected at most"):
        padded(data, len(data) - 1, "png")


def test_the_same_file_is_padded_in_the_same_way():
    """A browser that asks twice gets the same bytes."""
    data = encode(picture(8, 8), "webp")

    assert padded(data, len(data) + 100, "webp") == padded(data, len(data) + 100, "webp")
