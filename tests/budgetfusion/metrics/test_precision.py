"""Each metric beside a reference implementation; docs/reference/precision.md quotes the differences.

A test logs the largest difference that it saw; `--log-cli-level INFO` shows them.
"""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.linalg import sqrtm
from scipy.spatial.distance import cosine as scipy_cosine
from skimage.metrics import structural_similarity
from transformers import BlipForConditionalGeneration, BlipProcessor, CLIPModel, CLIPProcessor, pipeline

from budgetfusion.metrics import Pixels
from budgetfusion.metrics.blip import MOST_TOKENS, Blip
from budgetfusion.metrics.clip import Clip
from budgetfusion.metrics.d_sim import cosine, d_sim
from budgetfusion.metrics.dreamsim import DreamSim
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.metrics.frechet import frechet_distance, gaussian
from budgetfusion.metrics.i_clip import i_clip
from budgetfusion.metrics.inception_score import inception_score
from budgetfusion.metrics.l_snr import l_snr_db, lapvar, luma, snr_distance
from budgetfusion.metrics.ssim import ssim

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "precision.md"
Numbers = NDArray[np.float64]
Hold = Callable[[Any, Any, float], None]


@pytest.fixture
def hold(request: pytest.FixtureRequest) -> Hold:
    """Hold two results together: no difference above the tolerance; the largest is logged."""

    def compare(ours: Any, theirs: Any, tolerance: float) -> None:
        largest = float(np.abs(np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)).max())
        logging.getLogger("precision").info("%s: %.1e, tolerance %g", request.node.name, largest, tolerance)
        assert largest <= tolerance

    return compare


@pytest.fixture
def features(rng: np.random.Generator) -> NDArray[np.float32]:
    """Of 200 images, correlated."""
    return np.float32(rng.normal(size=(200, 16)) @ rng.normal(size=(16, 64)))


def blurred(grey: Numbers) -> Numbers:
    """Return an image (height, width) under a Gaussian of sigma 1, nine weights a side, summed place by place."""
    weights = np.exp(-0.5 * np.arange(-4, 5) ** 2)
    weights /= weights.sum()
    wide = np.pad(grey, 4, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(wide, (9, 9))
    return np.einsum("hwij,i,j->hw", windows, weights, weights)


def own_luma(image: NDArray[np.uint8]) -> Numbers:
    """Return BT.601 luma, channel by channel."""
    red, green, blue = np.float64(image).transpose(2, 0, 1) / 255
    return np.asarray(0.299 * red + 0.587 * green + 0.114 * blue)


def test_l_snr(pictures: Pixels, hold: Hold) -> None:
    """Decibels, beside a convolution with the kernel written out."""
    greys = [own_luma(image) for image in pictures]
    expected = [10 * np.log10(np.var(blurred(g)) / (np.var(g - blurred(g)) + 1e-12)) for g in greys]

    hold(l_snr_db(pictures), expected, 1e-9)


def test_snr_distance(pictures: Pixels, hold: Hold) -> None:
    """The second reading, beside the same convolution."""
    greys = [own_luma(image) for image in pictures]

    hold(snr_distance(pictures), [np.var(g - blurred(g)) / np.var(g) for g in greys], 1e-12)


def test_lapvar(pictures: Pixels, hold: Hold) -> None:
    """The third reading, beside sums of shifted images."""
    expected = []
    for grey in map(own_luma, pictures):
        wide = np.pad(grey, 1, mode="symmetric")
        around = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]
        expected.append(1 - np.var(around - 4 * grey) / (np.var(around - 4 * grey) + 0.01))

    hold(lapvar(pictures), expected, 1e-12)


def test_ssim_of_scikit_image(pictures: Pixels, hold: Hold) -> None:
    """Asked pair by pair, with luma of our own; our SSIM calls it, so this holds the luma and the settings only."""
    settings = {"data_range": 1.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = [structural_similarity(own_luma(i), own_luma(pictures[0]), **settings) for i in pictures]

    hold(ssim(pictures, pictures[0]), expected, 1e-12)


def test_ssim_of_torchmetrics(pictures: Pixels, hold: Hold) -> None:
    """Its map, in float64, without the five pixels at each edge that Wang and scikit-image leave out of the mean."""
    functional = pytest.importorskip("torchmetrics.functional.image")
    grey = torch.from_numpy(luma(pictures))[:, None]
    _, places = functional.structural_similarity_index_measure(
        grey, grey[:1].expand_as(grey), sigma=1.5, data_range=1.0, reduction="none", return_full_image=True
    )

    hold(ssim(pictures, pictures[0]), places[:, 0, 5:-5, 5:-5].mean(dim=(1, 2)).numpy(), 1e-9)


def test_cosine_of_torch(features: NDArray[np.float32], hold: Hold) -> None:
    """In float64, as ours."""
    rows = torch.from_numpy(features).double()
    theirs = torch.nn.functional.cosine_similarity(rows, rows[:1])

    hold(cosine(features, features[0]), theirs.numpy(), 1e-12)


def test_cosine_of_scipy(features: NDArray[np.float32], hold: Hold) -> None:
    """Asked pair by pair."""
    rows = features.astype(np.float64)

    hold(cosine(features, features[0]), [1 - scipy_cosine(row, rows[0]) for row in rows], 1e-12)


def test_d_sim_of_the_dreamsim_package(dreamsim_package: Any, pictures: Pixels, hold: Hold) -> None:
    """Of a stand-in for the package, whose model is asked pair by pair."""
    features = DreamSim()(pictures)
    model, prepare = dreamsim_package.dreamsim(device="cpu", cache_dir=dreamsim_package.called["cache_dir"])
    tensors = [prepare(Image.fromarray(image)) for image in pictures]

    hold(d_sim(features, features[0]), [min(model(one, tensors[0]).item(), 1.0) for one in tensors], 1e-6)


def test_i_clip_of_transformers(small_clip: Path, pictures: Pixels, hold: Hold) -> None:
    """The model's own image embeddings, one image at a time, and torch's cosine."""
    model, processor = CLIPModel.from_pretrained(small_clip), CLIPProcessor.from_pretrained(small_clip)
    with torch.inference_mode():
        inputs = [processor(images=Image.fromarray(image), return_tensors="pt") for image in pictures]
        rows = torch.cat([model.get_image_features(**one).pooler_output for one in inputs])
        theirs = torch.nn.functional.cosine_similarity(rows, rows[:1])

    ours = Clip(small_clip).images(pictures)
    hold(i_clip(ours, ours[0]), theirs.numpy(), 1e-6)


def test_clip_of_the_zero_shot_pipeline(small_clip: Path, pictures: Pixels, hold: Hold) -> None:
    """Our images' and texts' cosines give the probabilities of transformers' own pipeline."""
    texts = ["a red ball", "a box", "sky"]
    ask = pipeline("zero-shot-image-classification", model=str(small_clip), device="cpu")
    theirs = []
    for image in pictures[:8]:
        answer = ask(Image.fromarray(image), candidate_labels=texts, hypothesis_template="{}")
        theirs.append([next(one["score"] for one in answer if one["label"] == text) for text in texts])
    clip = Clip(small_clip)
    sentences = clip.texts(texts)
    angles = np.stack([cosine(sentences, image) for image in clip.images(pictures[:8])])

    powers = np.exp(float(clip.model.logit_scale.exp()) * angles)
    hold(powers / powers.sum(axis=1, keepdims=True), theirs, 1e-6)


def test_blip_of_transformers(small_blip: Path, pictures: Pixels, hold: Hold) -> None:
    """The documented way, one image at a time; the difference is the number of unlike captions."""
    model = BlipForConditionalGeneration.from_pretrained(small_blip)
    processor = BlipProcessor.from_pretrained(small_blip)
    theirs, some = [], pictures[::4]
    for image in some:
        inputs = processor(images=Image.fromarray(image), return_tensors="pt")
        tokens = model.generate(**inputs, max_new_tokens=MOST_TOKENS)
        theirs.append(processor.decode(tokens[0], skip_special_tokens=True))

    hold(sum(ours != other for ours, other in zip(Blip(small_blip)(some), theirs, strict=True)), 0, 0)


def test_i_clip_of_captions_of_transformers(small_blip: Path, small_clip: Path, pictures: Pixels, hold: Hold) -> None:
    """From images to the number: the documented way of both models, one image and one caption at a time."""
    blip, says = BlipForConditionalGeneration.from_pretrained(small_blip), BlipProcessor.from_pretrained(small_blip)
    clip, hears = CLIPModel.from_pretrained(small_clip), CLIPProcessor.from_pretrained(small_clip)
    rows, some = [], pictures[::4]
    with torch.inference_mode():
        for image in some:
            tokens = blip.generate(**says(images=Image.fromarray(image), return_tensors="pt"), max_new_tokens=20)
            caption = says.decode(tokens[0], skip_special_tokens=True)
            heard = hears(text=[caption], truncation=True, return_tensors="pt")
            rows.append(clip.get_text_features(**heard).pooler_output)
    theirs = torch.nn.functional.cosine_similarity(torch.cat(rows), rows[0])

    ours = Clip(small_clip)
    embedded = ours.texts(Blip(small_blip)(some))
    hold(i_clip(embedded, embedded[0]), theirs.clamp(0, 1).numpy(), 1e-6)


def test_the_embedded_encoder_of_transformers(pictures: Pixels, hold: Hold) -> None:
    """Our own resizing and normalising of the embedded CLIP give what its processor and model give."""
    from budgetfusion import scenes

    ours = scene_encoder()(pictures).embeddings
    theirs = Clip(scenes.CLIP).images(pictures)

    hold(i_clip(ours, ours[0]), i_clip(theirs, theirs[0]), 1e-6)


def test_frechet_of_scipy(features: NDArray[np.float32], hold: Hold) -> None:
    """With the root of the product of both covariances; the difference is relative."""
    (m1, c1), (m2, c2) = gaussian(features[:120, :12]), gaussian(features[120:, :12] + 0.3)
    theirs = np.square(m1 - m2).sum() + np.trace(c1 + c2 - 2 * np.real(sqrtm(c1 @ c2)))

    hold(frechet_distance(m1, c1, m2, c2) / theirs, 1.0, 1e-9)


class Given(torch.nn.Module):
    """Stands in for Inception: the features are given."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return them."""
        return images


@pytest.mark.filterwarnings("ignore:Metric `FrechetInceptionDistance` will save all extracted features")
def test_frechet_of_torchmetrics(features: NDArray[np.float32], hold: Hold) -> None:
    """In float64, of the same features; the difference is relative."""
    fid = pytest.importorskip("torchmetrics.image.fid")
    rows = features[:, :12].astype(np.float64)
    metric = fid.FrechetInceptionDistance(feature=Given(12), normalize=True, input_img_size=(12,))
    metric = metric.set_dtype(torch.float64)
    metric.update(torch.from_numpy(rows[:120]), real=True)
    metric.update(torch.from_numpy(rows[120:] + 0.3), real=False)

    ours = frechet_distance(*gaussian(rows[:120]), *gaussian(rows[120:] + 0.3))
    hold(ours / float(metric.compute()), 1.0, 1e-6)


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore` will save all extracted features")
@pytest.mark.filterwarnings("ignore:std\\(\\)")  # of its one split, which is not used
def test_inception_score_of_torchmetrics(rng: np.random.Generator, hold: Hold) -> None:
    """The mean over the same ten parts, each asked alone."""
    inception = pytest.importorskip("torchmetrics.image.inception")
    probabilities = rng.dirichlet(np.full(7, 0.3), size=200)
    theirs = []
    for part in np.array_split(np.random.default_rng(3).permutation(probabilities), 10):
        metric = inception.InceptionScore(feature=Given(7), splits=1, normalize=False).set_dtype(torch.float64)
        metric.update(torch.from_numpy(np.log(part)))
        theirs.append(float(metric.compute()[0]))

    hold(inception_score(probabilities, np.random.default_rng(3))[0], np.mean(theirs), 1e-9)


def test_the_page_names_every_test_with_its_tolerance() -> None:
    """And quotes no difference above it."""
    rows = re.findall(r"^\|.*\| (\S+) \| (\S+) \| `(test_\w+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    code = Path(__file__).read_text(encoding="utf-8")
    held = dict(re.findall(r"def (test_\w+)\([^)]*hold: Hold\).*?\n    hold\(.*?, ([\de.-]+)\)\n", code, re.DOTALL))

    assert {test: tolerance for _, tolerance, test in rows} == held
    assert all(float(seen) <= float(tolerance) for seen, tolerance, _ in rows)
