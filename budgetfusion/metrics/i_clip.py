"""I-CLIP: the similarity of two images' meaning.

Source:
    arXiv:2412.05780, Eq. 4, in both of its readings: the cosine of CLIP's embeddings of the images (column `i_clip`),
    and of its embeddings of the images' captions (`i_clip_caption`). docs/explanation/metrics.md compares them.
"""

import numpy as np
from numpy.typing import NDArray

from budgetfusion.metrics.d_sim import cosine


def i_clip(embeddings: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cosine, clipped to [0, 1]; 1 for equal images.

    Args:
        embeddings: Of the images, or of their captions, shape (images, width), not zero.
        reference: Of the reference image, or of its caption, shape (width,), not zero.

    Returns:
        Shape (images,), higher is nearer.
    """
    return np.clip(cosine(embeddings, reference), 0.0, 1.0)
