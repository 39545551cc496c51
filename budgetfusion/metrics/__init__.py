"""Image-quality metrics: images to one number for each image.

Each metric has a pure core (features to number) in its own file; the rest of the package calls `measure_images`.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Encoder = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Images (images, height, width, 3) to mid-level features (images, width) and embeddings (images, width)."""

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


def measure_images(
    images: NDArray[np.uint8], reference: NDArray[np.uint8], encoder: Encoder
) -> dict[str, NDArray[np.float64]]:
    """Measure images against one reference.

    Args:
        images: RGB, shape (images, height, width, 3), 0..255.
        reference: RGB, shape (height, width, 3), 0..255.
        encoder: Features for D-SIM and embeddings for I-CLIP.

    Returns:
        `l_snr_db`, `l_snr`, `d_sim`, `i_clip`, `ssim`, each of shape (images,).
    """
    from budgetfusion.metrics.d_sim import d_sim
    from budgetfusion.metrics.i_clip import i_clip
    from budgetfusion.metrics.l_snr import l_snr, l_snr_db
    from budgetfusion.metrics.ssim import ssim

    features, embeddings = encoder(np.concatenate([images, reference[None]]))
    same = (images == reference).all(axis=(1, 2, 3))  # in a batch, the bits of equal images' features may differ
    features[:-1][same], embeddings[:-1][same] = features[-1], embeddings[-1]
    decibels = l_snr_db(images)
    return {
        "l_snr_db": decibels,
        "l_snr": l_snr(decibels),
        "d_sim": d_sim(features[:-1], features[-1]),
        "i_clip": i_clip(embeddings[:-1], embeddings[-1]),
        "ssim": ssim(images, reference),
    }
