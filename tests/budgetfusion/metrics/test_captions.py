"""Images embedded by what is said of them."""

from collections.abc import Sequence

import numpy as np

from budgetfusion.metrics import Features, Pixels
from budgetfusion.metrics.captions import CaptionEncoder
from budgetfusion.metrics.i_clip import i_clip


class Speaker:
    """Says whether an image is dark or bright, and embeds both words; counts what it was asked for."""

    def __init__(self) -> None:
        self.images, self.texts = 0, 0

    def caption(self, images: Pixels) -> list[str]:
        """Say it."""
        self.images += len(images)
        return ["dark" if image.mean() < 128 else "bright" for image in images]

    def embed(self, texts: Sequence[str]) -> Features:
        """Embed words with numbers that no batch gives twice, as float32 arithmetic may."""
        self.texts += len(texts)
        return np.array([[len(text), self.texts] for text in texts], dtype=np.float32)


def flat(*greys: int) -> Pixels:
    """Return flat images."""
    return np.stack([np.full((8, 8, 3), grey, dtype=np.uint8) for grey in greys])


def test_images_of_which_the_same_is_said_are_one() -> None:
    """Their similarity is 1 to the last bit, however different they look."""
    seen = CaptionEncoder((speaker := Speaker()).caption, speaker.embed, {})(flat(3, 200, 60))

    assert i_clip(seen, seen[0]).tolist()[::2] == [1.0, 1.0]
    assert i_clip(seen, seen[0])[1] < 1


def test_no_image_is_captioned_twice_and_no_caption_embedded_twice() -> None:
    """An evaluation looks at each image once for each reference; captions cost most of all."""
    encoder = CaptionEncoder((speaker := Speaker()).caption, speaker.embed, {})
    first = encoder(flat(3, 200, 3))
    again = encoder(flat(200, 4, 3))

    assert encoder.captions(flat(3, 200)) == ["dark", "bright"]
    assert (speaker.images, speaker.texts) == (3, 2)
    np.testing.assert_array_equal(again, first[[1, 0, 0]])


def test_images_of_other_shapes_are_other_images() -> None:
    """Although their bytes are the same."""
    encoder = CaptionEncoder((speaker := Speaker()).caption, speaker.embed, {})
    encoder.captions(flat(3))
    encoder.captions(flat(3).reshape(1, 4, 16, 3))

    assert speaker.images == 2
