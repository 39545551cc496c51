"""The metrics: range, direction, and independence of the batch."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from budgetfusion.metrics import BADNESS, QUALITY
from budgetfusion.metrics.d_sim import d_sim
from budgetfusion.metrics.encoder import SceneEncoder, scene_encoder
from budgetfusion.metrics.i_clip import i_clip
from budgetfusion.metrics.l_snr import READINGS, l_snr, l_snr_db, lapvar, luma, snr_distance
from budgetfusion.metrics.ssim import ssim
from budgetfusion.scenes.midlevel import Config, MidLevel, MidLevelNetwork

Images = NDArray[np.uint8]


@pytest.fixture
def images(rng: np.random.Generator) -> Images:
    """Return five smooth random RGB images of 64 x 64."""
    noise = gaussian_filter(rng.normal(size=(5, 64, 64, 3)), sigma=(0, 2, 2, 0))
    return np.uint8(np.clip(128 + 300 * noise, 0, 255))


def test_blur_raises_l_snr(images: Images) -> None:
    """L-SNR is the paper's blur measure: lower is sharper."""
    blurred = gaussian_filter(images, sigma=(0, 2, 2, 0))

    assert (l_snr_db(blurred) > l_snr_db(images)).all()


def test_noise_lowers_l_snr(images: Images, rng: np.random.Generator) -> None:
    """The known limit: a noisy image counts as sharp, although it is worse."""
    noisy = np.uint8(np.clip(images + rng.normal(0, 20, images.shape), 0, 255))

    assert (l_snr_db(noisy) < l_snr_db(images)).all()


def test_a_flat_image_has_the_worst_l_snr() -> None:
    """An image without any detail is as blurred as can be, and no division by zero."""
    flat = np.full((1, 64, 64, 3), 200, dtype=np.uint8)

    assert l_snr(l_snr_db(flat)).tolist() == [1.0]


@pytest.mark.parametrize("name", READINGS)
def test_every_reading_lies_in_0_to_1_and_calls_a_flat_image_worst(images: Images, name: str) -> None:
    """Whatever its unit was before."""
    found = READINGS[name](np.concatenate([images, np.full_like(images[:1], 128)]))

    assert ((found >= 0) & (found <= 1)).all()
    assert found[-1] == 1.0


@pytest.mark.parametrize(("name", "rises"), [("db30", True), ("snr_distance", False), ("lapvar", True)])
def test_blur_raises_all_readings_but_the_snr_distance(images: Images, name: str, rises: bool) -> None:
    """Which therefore has the wrong direction for images of few steps."""
    blurred = np.stack([gaussian_filter(image, sigma=(1, 1, 0)) for image in images])

    assert ((READINGS[name](blurred) > READINGS[name](images)) == rises).all()


def test_the_readings_are_computed_by_hand() -> None:
    """A checkerboard: its Laplacian is +-4 at every inner pixel, and its detail is nearly all of it."""
    board = np.uint8(255 * (np.indices((64, 64)).sum(axis=0) % 2))[None, :, :, None].repeat(3, axis=-1)

    assert lapvar(board)[0] == pytest.approx(1 - 16 / 16.01, abs=1e-3)
    assert snr_distance(board)[0] == pytest.approx(1.0, abs=0.02)


def test_l_snr_is_decibels_divided_by_thirty_and_clipped() -> None:
    """The map from decibels to [0, 1] is stated, so any other map can be computed from the stored decibels."""
    assert l_snr(np.array([-3.0, 15.0, 40.0])).tolist() == [0.0, 0.5, 1.0]


def test_equal_features_are_at_distance_zero_and_similarity_one(rng: np.random.Generator) -> None:
    """Exactly, so that an image compared with itself is perfect."""
    features = rng.normal(size=(3, 8)).astype(np.float32)

    assert d_sim(features, features[1])[1] == 0.0
    assert i_clip(features, features[1])[1] == 1.0


def test_opposite_features_are_clipped() -> None:
    """A cosine is in [-1, 1], the paper's metrics are in [0, 1]."""
    one = np.array([1.0, 0.0], dtype=np.float32)

    assert d_sim(-one[None], one).tolist() == [1.0]
    assert i_clip(-one[None], one).tolist() == [0.0]


def test_ssim_is_scikit_images_with_wang_settings(images: Images) -> None:
    """The oracle is the library, called once for each image."""
    grey = luma(images)
    settings = {"data_range": 1.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}

    expected = [structural_similarity(one, grey[0], **settings) for one in grey]

    assert expected == pytest.approx(ssim(images, images[0]).tolist())


def test_larger_images_are_resized_for_the_encoder(images: Images) -> None:
    """An image twice as large has nearly the same features."""
    features = scene_encoder()(np.kron(images, np.ones((1, 2, 2, 1), dtype=np.uint8))).features
    small = scene_encoder()(images).features

    assert max(d_sim(features[k : k + 1], small[k])[0] for k in range(len(images))) < 0.1


def test_an_encoder_of_layout_gives_the_mid_level_features(images: Images) -> None:
    """The embeddings stay those of the CLIP."""
    encoder = SceneEncoder()
    before = encoder(images).embeddings
    encoder.midlevel = MidLevel(MidLevelNetwork(Config(widths=(8, 8, 8), channels=2, features=12)))
    found = encoder(images)

    assert found.features.shape == (5, 12)
    np.testing.assert_array_equal(found.embeddings, before)


def test_badness_and_quality_are_mirror_images() -> None:
    """For every metric of the paper, badness and quality add up to one."""
    values = np.array([0.2, 0.9])

    for name in BADNESS:
        assert (BADNESS[name](values) + QUALITY[name](values)).tolist() == pytest.approx([1.0, 1.0])
