"""Image-quality metrics: images to one number for each image.

Each metric has a pure core (features to number) in its own file; the rest of the package calls `measure_images`.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB images, shape (images, height, width, 3), 0..255."""

Features = NDArray[np.float32]
"""What a network says of images, shape (images, width)."""


class Encoded(NamedTuple):
    """What an encoder sees in images.

    Attributes:
        features: Of the layout, for D-SIM, shape (images, width).
        embeddings: Of the meaning, for I-CLIP, shape (images, width).
        captions: Embeddings of the images' captions, for the other reading of I-CLIP, likewise; none if not asked.
    """

    features: Features
    embeddings: Features
    captions: Features | None = None


class Encoder(Protocol):
    """Images to what D-SIM and I-CLIP compare."""

    @property
    def name(self) -> str:
        """What it is called, and 12 digits of the digest of its weights and settings: `scenes:0a1b2c3d4e5f`.

        Rows of encoders of different names never share a table.
        """

    def __call__(self, images: Pixels) -> Encoded:
        """Encode images, at least one; what is said of one does not depend on the others, up to the last bits."""


BADNESS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "l_snr": lambda values: values,
    "d_sim": lambda values: values,
    "i_clip": lambda values: 1.0 - values,
}
"""Each metric of the paper turned so that lower is better; I-CLIP rises with quality, and Eq. 7 needs one direction."""

QUALITY: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "l_snr": lambda values: 1.0 - values,
    "d_sim": lambda values: 1.0 - values,
    "i_clip": lambda values: values,
}
"""Each metric turned so that higher is better, as the paper's Table 2 reports them."""


def measure_images(images: Pixels, reference: Pixels, encoder: Encoder) -> dict[str, NDArray[np.float64]]:
    """Measure images against one reference.

    Args:
        images: RGB, shape (images, height, width, 3), 0..255.
        reference: RGB, shape (height, width, 3), 0..255.
        encoder: Features for D-SIM and embeddings for I-CLIP.

    Returns:
        `l_snr_db`, `l_snr`, `d_sim`, `i_clip`, `ssim`, and `i_clip_caption` if the encoder captions images, each of
        shape (images,).
    """
    from budgetfusion.metrics.d_sim import d_sim
    from budgetfusion.metrics.i_clip import i_clip
    from budgetfusion.metrics.l_snr import l_snr, l_snr_db
    from budgetfusion.metrics.ssim import ssim

    differ = (images != reference).any(axis=(1, 2, 3))
    seen = encoder(np.concatenate([images[differ], reference[None]]))
    at = np.where(differ, differ.cumsum() - 1, -1)  # equal images share the reference's features, to the last bit
    decibels = l_snr_db(images)
    found = {
        "l_snr_db": decibels,
        "l_snr": l_snr(decibels),
        "d_sim": d_sim(seen.features[at], seen.features[-1]),
        "i_clip": i_clip(seen.embeddings[at], seen.embeddings[-1]),
        "ssim": ssim(images, reference),
    }
    if seen.captions is not None:
        found["i_clip_caption"] = i_clip(seen.captions[at], seen.captions[-1])
    return found
