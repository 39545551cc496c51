"""SSIM: structural similarity of luma, in the settings of Wang et al. (2004), through scikit-image."""

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from budgetfusion.metrics.l_snr import luma


def ssim(images: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean structural similarity of each image with the reference.

    Args:
        images: RGB, shape (images, height, width, 3), 0..255; sides of at least 11 pixels.
        reference: RGB, shape (height, width, 3), 0..255.

    Returns:
        Shape (images,), in [-1, 1]; 1 for equal images.
    """
    target = luma(reference[None])[0]
    settings = {"data_range": 1.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return np.array([structural_similarity(grey, target, **settings) for grey in luma(images)])
