"""The Fréchet distance of two sets of images, each taken as a Gaussian in the space of some features.

Source:
    Dowson and Landau 1982, "The Fréchet distance between multivariate normal distributions"; Heusel et al. 2017,
    arXiv:1706.08500, for images. With Inception's features it is the FID; with those of the scenes' attribute
    classifier it is called FID-scenes here, and the two cannot be compared. Small sets are farther apart than large
    ones of the same images, so neither can sets of different sizes.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

Numbers = NDArray[np.float64]


def gaussian(features: NDArray[np.floating]) -> tuple[Numbers, Numbers]:
    """Return the mean, shape (width,), and the unbiased covariance, shape (width, width), of features.

    Args:
        features: Of the images, shape (images, width), finite.

    Raises:
        ValueError: If there are fewer than two images, or a feature is not finite.
    """
    rows = np.asarray(features, dtype=np.float64)
    if len(rows) < 2:
        raise ValueError(f"found {len(rows)} images, expected at least two for a covariance")
    if not np.isfinite(rows).all():
        raise ValueError("found a feature that is NaN or infinite, expected finite numbers")
    mean = rows.mean(axis=0)
    around = rows - mean
    return mean, around.T @ around / (len(rows) - 1)


def frechet_distance(mean1: Numbers, cov1: Numbers, mean2: Numbers, cov2: Numbers) -> float:
    """Return |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½), 0 or more; 0 for equal Gaussians up to rounding.

    The trace of the root is that of (C1^½ C2 C1^½)^½, the sum of the roots of its eigenvalues: a symmetric problem, so
    that singular covariances, of fewer images than features, need no correction and give no complex numbers.

    Args:
        mean1: Of one set, shape (width,).
        cov1: Of one set, symmetric without negative eigenvalues, shape (width, width).
        mean2: Of the other.
        cov2: Of the other.

    Raises:
        ValueError: If the shapes do not belong together.
    """
    width = len(mean1)
    shapes = [np.shape(part) for part in (mean1, cov1, mean2, cov2)]
    if shapes != [(width,), (width, width)] * 2:
        raise ValueError(f"found shapes {shapes}, expected ({width},) and ({width}, {width}) twice")
    values, vectors = eigh(cov1)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(eigh(root @ cov2 @ root, eigvals_only=True).clip(0)).sum()
    apart = np.square(mean1 - mean2).sum()
    return max(0.0, float(apart + np.trace(cov1) + np.trace(cov2) - 2 * cross))
