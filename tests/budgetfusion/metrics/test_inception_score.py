"""The Inception Score in closed form."""

import numpy as np
import pytest
from numpy.typing import NDArray

from budgetfusion.metrics.inception_score import inception_score


@pytest.fixture
def probabilities(rng: np.random.Generator) -> NDArray[np.float64]:
    """Of seven classes for 200 images."""
    return rng.dirichlet(np.full(7, 0.3), size=200)


def test_its_range(rng: np.random.Generator) -> None:
    """It is 1 for images that all look alike, and the number of classes if each class is shown alike and surely."""
    alike, distinct = np.full((20, 4), 0.25), np.tile(np.eye(4), (5, 1))

    assert inception_score(alike, rng) == pytest.approx((1.0, 0.0))
    assert inception_score(distinct, rng, splits=1) == pytest.approx((4.0, 0.0))


def test_two_images_by_hand(rng: np.random.Generator) -> None:
    """Of two images, one sure and one undecided between two classes."""
    divergence = (np.log(1 / 0.75) + 0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25)) / 2
    found = inception_score(np.array([[1.0, 0.0], [0.5, 0.5]]), rng, splits=1)

    assert found == pytest.approx((np.exp(divergence), 0.0))


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore` will save all extracted features")  # of 20 images
@pytest.mark.filterwarnings("ignore:std\\(\\)")  # of its one split, which is not used
def test_it_is_that_of_torchmetrics(probabilities: NDArray[np.float64]) -> None:
    """Over ten splits of the same images, mean and deviation are those of torchmetrics' scores of each split."""
    image = pytest.importorskip("torchmetrics.image.inception")
    torch = pytest.importorskip("torch")

    class Features(torch.nn.Module):  # type: ignore[misc, name-defined]
        num_features = 7

        def forward(self, images: object) -> object:
            return images

    def theirs(part: NDArray[np.float64]) -> float:
        metric = image.InceptionScore(feature=Features(), splits=1, normalize=False).set_dtype(torch.float64)
        metric.update(torch.from_numpy(np.log(part)))
        return float(metric.compute()[0])

    shuffled = np.random.default_rng(3).permutation(probabilities)
    scores = [theirs(part) for part in np.array_split(shuffled, 10)]

    assert inception_score(probabilities, np.random.default_rng(3)) == pytest.approx(
        (np.mean(scores), np.std(scores)), rel=1e-9
    )


def test_an_order_means_nothing(probabilities: NDArray[np.float64]) -> None:
    """With one split the order of the images does not matter, and the same chance makes the same splits."""
    once = inception_score(probabilities, np.random.default_rng(0), splits=1)

    assert inception_score(probabilities[::-1], np.random.default_rng(1), splits=1) == pytest.approx(once)
    assert inception_score(probabilities, np.random.default_rng(2)) == inception_score(
        probabilities, np.random.default_rng(2)
    )


def test_too_few_images_are_refused(rng: np.random.Generator) -> None:
    """Each split needs an image."""
    with pytest.raises(ValueError, match="found 3 images, expected at least one for each of 10 splits"):
        inception_score(np.full((3, 2), 0.5), rng)
