"""The Inception Score of a set of images: each shows something definite, and together they show many things.

Source:
    Salimans et al. 2016, arXiv:1606.03498, section 4. With Inception's classes it is the IS; with those of the scenes'
    attribute classifier it is called IS-scenes here, and the two cannot be compared. Nor can sets of different sizes.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr


def inception_score(
    probabilities: NDArray[np.floating], rng: np.random.Generator, splits: int = 10
) -> tuple[float, float]:
    """Return mean and population standard deviation, over splits, of exp E[KL(p(y | image), p(y))].

    The score lies between 1, where all images show the same, and the number of classes.

    Args:
        probabilities: Of the classes for each image, shape (images, classes), each row summing to 1.
        rng: Chance decides which images share a split, not their order.
        splits: Parts of equal size, as far as the number of images allows.

    Raises:
        ValueError: If there are fewer images than splits.
    """
    if len(probabilities) < splits:
        raise ValueError(f"found {len(probabilities)} images, expected at least one for each of {splits} splits")
    shuffled = rng.permutation(probabilities.astype(np.float64))
    scores = [np.exp(rel_entr(part, part.mean(axis=0)).sum(axis=1).mean()) for part in np.array_split(shuffled, splits)]
    return float(np.mean(scores)), float(np.std(scores))
