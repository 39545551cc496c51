"""D-SIM: the distance of two images' mid-level features.

Source:
    arXiv:2412.05780, Eq. 3 (DreamSim, 1 - cosine). The embedded features are those of the scenes' mid-level encoder.
"""

import numpy as np
from numpy.typing import NDArray


def d_sim(features: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return 1 - cosine, clipped to [0, 1]; 0 for equal images.

    Args:
        features: Of the images, shape (images, width), not zero.
        reference: Of the reference image, shape (width,), not zero.

    Returns:
        Shape (images,), lower is nearer.
    """
    return np.clip(1.0 - cosine(features, reference), 0.0, 1.0)


def cosine(features: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cosine of each row of `features` (images, width) with `reference` (width,); 1 for equal rows."""
    rows, one = features.astype(np.float64), reference.astype(np.float64)
    angles = rows @ one / (np.linalg.norm(rows, axis=1) * np.linalg.norm(one))
    return np.where((features == reference).all(axis=1), 1.0, angles)
