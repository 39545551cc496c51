"""L-SNR: how much stronger an image's smooth part is than its fine detail. Blur raises it.

Source:
    arXiv:2412.05780, Eq. 2, which gives SNR(I, G * I) with values in [0, 1] and no map to that range. We read the fine
    detail I - G * I as the noise, take decibels, and divide by 30 ("db30"); docs/explanation/metrics.md says why.

Known limit:
    Additive noise is fine detail too, so a noisy image scores low ("sharp") although it is worse.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

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
    smooth = gaussian_filter(grey, sigma=(0, 1, 1), truncate=4, mode="reflect")
    signal, noise = smooth.var(axis=(1, 2)), (grey - smooth).var(axis=(1, 2))
    decibels = 10 * np.log10(np.maximum(signal, _FLAT) / (noise + 1e-12))
    return np.where(grey.var(axis=(1, 2)) < _FLAT, 30.0, decibels)


def l_snr(decibels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map decibels to [0, 1] by a division by 30; lower is sharper."""
    return np.clip(decibels / 30.0, 0.0, 1.0)
