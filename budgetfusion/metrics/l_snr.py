"""L-SNR: how much stronger an image's smooth part is than its fine detail. Blur raises it.

Source:
    arXiv:2412.05780, Eq. 2, which gives SNR(I, G * I) with values in [0, 1] and no map to that range. We read the fine
    detail I - G * I as the noise, take decibels, and divide by 30 ("db30"); docs/explanation/metrics.md says why.

Known limit:
    Additive noise is fine detail too, so a noisy image scores low ("sharp") although it is worse.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, laplace

_FLAT = 1e-6  # variance of luma below which an image has no detail to speak of
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def luma(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return BT.601 luma in [0, 1], shape (images, height, width), of RGB images (images, height, width, 3)."""
    return np.asarray(images @ _LUMA / 255.0, dtype=np.float64)


def l_snr_db(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the signal-to-noise ratio of each image against its own high-pass, in decibels.

    Args:
        images: RGB, shape (images, height, width, 3), 0..255.

    Returns:
        Shape (images,); 30 for a flat image, which has neither signal nor noise.
    """
    grey = luma(images)
    smooth = _smooth(grey)
    signal, noise = smooth.var(axis=(1, 2)), (grey - smooth).var(axis=(1, 2))
    decibels = 10 * np.log10(np.maximum(signal, _FLAT) / (noise + 1e-12))
    return np.where(grey.var(axis=(1, 2)) < _FLAT, 30.0, decibels)


def l_snr(decibels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map decibels to [0, 1] by a division by 30; lower is sharper."""
    return np.clip(decibels / 30.0, 0.0, 1.0)


def snr_distance(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the variance of the fine detail over that of the image: the reading of the work that the paper cites.

    It falls with blur, so as a badness it has the wrong direction for images of few steps; 1 for a flat image, the
    worst.

    Args:
        images: RGB, shape (images, height, width, 3), 0..255.

    Returns:
        Shape (images,), in [0, 1].

    Source:
        Yuan et al. 2019, arXiv:1904.02616 (SNR distance, 1 / SNR).
    """
    grey = luma(images)
    signal, noise = grey.var(axis=(1, 2)), (grey - _smooth(grey)).var(axis=(1, 2))
    return np.where(signal < _FLAT, 1.0, np.clip(noise / np.maximum(signal, _FLAT), 0.0, 1.0))


def lapvar(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return 1 - v / (v + 0.01), v the variance of the Laplacian: the paper's words, "Laplacian-filtered".

    The variance of the Laplacian is the usual measure of sharpness and has no upper bound; photographs have about
    0.005, blurred ones 0.0005.

    Args:
        images: RGB, shape (images, height, width, 3), 0..255.

    Returns:
        Shape (images,), in [0, 1], lower is sharper; 1 for a flat image.

    Source:
        Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy"; the map to [0, 1] is ours.
    """
    variance = np.array([laplace(grey, mode="reflect").var() for grey in luma(images)])
    return 1.0 - variance / (variance + 0.01)


READINGS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.float64]]] = {
    "db30": lambda images: l_snr(l_snr_db(images)),
    "snr_distance": snr_distance,
    "lapvar": lapvar,
}
"""Ways to read the paper's L-SNR; 'db30' is what the rest of the package calls L-SNR."""


def _smooth(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    smooth: NDArray[np.float64] = gaussian_filter(grey, sigma=(0, 1, 1), truncate=4, mode="reflect")
    return smooth
