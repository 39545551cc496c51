"""The Fréchet distance in closed form."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from budgetfusion.metrics.frechet import frechet_distance, gaussian

Set = NDArray[np.float64]


@pytest.fixture
def sets(rng: np.random.Generator) -> tuple[Set, Set]:
    """Features of 300 and of 250 images, correlated, with different means."""
    mix = rng.normal(size=(12, 12))
    return rng.normal(size=(300, 12)) @ mix, 0.3 + rng.normal(size=(250, 12)) @ mix.T


def test_a_set_does_not_differ_from_itself(sets: tuple[Set, Set]) -> None:
    """The distance of equal Gaussians is 0."""
    found = gaussian(sets[0])

    assert frechet_distance(*found, *found) == pytest.approx(0, abs=1e-9)


def test_one_dimension_by_hand() -> None:
    """Of two normal distributions it is (m1 - m2)² + (s1 - s2)²."""
    found = frechet_distance(np.array([1.0]), np.array([[4.0]]), np.array([3.0]), np.array([[25.0]]))

    assert found == pytest.approx((1 - 3) ** 2 + (2 - 5) ** 2)


def test_it_is_that_of_the_matrix_root(sets: tuple[Set, Set]) -> None:
    """SciPy's root of the product of both covariances gives the same."""
    (m1, c1), (m2, c2) = gaussian(sets[0]), gaussian(sets[1])
    expected = np.square(m1 - m2).sum() + np.trace(c1 + c2 - 2 * np.real(sqrtm(c1 @ c2)))

    assert frechet_distance(m1, c1, m2, c2) == pytest.approx(expected, rel=1e-9)


@pytest.mark.filterwarnings("ignore:Metric `FrechetInceptionDistance` will save all extracted features")
def test_it_is_that_of_torchmetrics(sets: tuple[Set, Set]) -> None:
    """Means, covariances and distance are those of torchmetrics' FID with the same features."""
    fid = pytest.importorskip("torchmetrics.image.fid")
    torch = pytest.importorskip("torch")

    class Features(torch.nn.Module):  # type: ignore[misc, name-defined]
        num_features = 12

        def forward(self, images: object) -> object:
            return images

    metric = fid.FrechetInceptionDistance(feature=Features(), normalize=True, input_img_size=(12,))
    metric = metric.set_dtype(torch.float64)
    metric.update(torch.from_numpy(sets[0]), real=True)
    metric.update(torch.from_numpy(sets[1]), real=False)

    assert frechet_distance(*gaussian(sets[0]), *gaussian(sets[1])) == pytest.approx(float(metric.compute()), rel=1e-6)


def test_the_order_of_sets_and_images_means_nothing(sets: tuple[Set, Set]) -> None:
    """It is symmetric, and a set has no order."""
    (m1, c1), (m2, c2) = gaussian(sets[0]), gaussian(sets[1])

    assert frechet_distance(m1, c1, m2, c2) == pytest.approx(frechet_distance(m2, c2, m1, c1))
    assert frechet_distance(m1, c1, *gaussian(sets[1][::-1])) == pytest.approx(frechet_distance(m1, c1, m2, c2))


def test_fewer_images_than_features_need_no_correction(rng: np.random.Generator) -> None:
    """Singular covariances give a finite distance, 0 for equal sets."""
    few, others = rng.normal(size=(4, 30)), rng.normal(size=(5, 30))

    assert frechet_distance(*gaussian(few), *gaussian(few)) == pytest.approx(0, abs=1e-5)
    assert 0 < frechet_distance(*gaussian(few), *gaussian(others)) < 1000


def test_what_has_no_distance_is_refused(rng: np.random.Generator) -> None:
    """One image has no covariance, NaN has no mean, and different features are not compared."""
    with pytest.raises(ValueError, match="found 1 images, expected at least two"):
        gaussian(rng.normal(size=(1, 3)))
    with pytest.raises(ValueError, match="found a feature that is NaN or infinite"):
        gaussian(np.full((3, 2), np.nan))
    with pytest.raises(ValueError, match=r"expected \(3,\) and \(3, 3\) twice"):
        frechet_distance(*gaussian(rng.normal(size=(9, 3))), *gaussian(rng.normal(size=(9, 4))))
