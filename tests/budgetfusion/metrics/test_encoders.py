"""The encoders by their names, and the names that their rows bear."""

import logging
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from budgetfusion.diffusion.cli import evaluate, measure
from budgetfusion.errors import MissingExtraError
from budgetfusion.metrics import Encoder, Pixels, blip, clip, measure_images
from budgetfusion.metrics.encoder import SceneEncoder, scene_encoder
from budgetfusion.metrics.encoders import NAMES, encoder
from budgetfusion.scenes.midlevel import Config, MidLevel, MidLevelNetwork


@pytest.fixture
def of_photographs(
    dreamsim_package: Any, small_clip: Path, small_blip: Path, monkeypatch: pytest.MonkeyPatch
) -> Encoder:
    """The encoder of photographs, with small networks in the places of DreamSim's, CLIP's and BLIP's."""
    monkeypatch.setattr(clip, "Clip", partial(clip.Clip, small_clip))
    monkeypatch.setattr(blip, "Blip", partial(blip.Blip, small_blip))
    return encoder("dreamsim+clip", captions=True)


@pytest.fixture(params=["scenes", "scenes with captions", "of photographs"])
def every(request: pytest.FixtureRequest) -> Encoder:
    """Each encoder."""
    if request.param == "of photographs":
        found: Encoder = request.getfixturevalue("of_photographs")
        return found
    return scene_encoder(request.param != "scenes")


def test_a_metric_does_not_depend_on_the_batch(every: Encoder, pictures: Pixels) -> None:
    """Thirty-two images measured one by one and all together have the same numbers to 1e-6."""
    together = measure_images(pictures, pictures[7], every)
    alone = [measure_images(image[None], pictures[7], every) for image in pictures]

    largest = {name: max(abs(values - [one[name][0] for one in alone])) for name, values in together.items()}
    logging.getLogger("precision").info("%s: %s", every.name, {name: f"{value:.1e}" for name, value in largest.items()})
    assert max(largest.values()) <= 1e-6


def test_an_image_against_itself_is_perfect(every: Encoder, pictures: Pixels) -> None:
    """To the last bit, wherever it stands in the batch."""
    found = measure_images(pictures[[3, 1, 3, 4]], pictures[3], every)

    assert [found["d_sim"][k] for k in (0, 2)] == [0.0, 0.0]
    for name in {"i_clip", "i_clip_caption"} & set(found):
        assert [found[name][k] for k in (0, 2)] == [1.0, 1.0]
    assert found["d_sim"][1] > 0


def test_the_metrics_of_the_paper_lie_in_0_to_1(every: Encoder, pictures: Pixels) -> None:
    """Cosines are clipped."""
    found = measure_images(pictures, pictures[0], every)

    assert {n for n, v in found.items() if n != "l_snr_db" and not ((v >= 0) & (v <= 1)).all()} <= {"ssim"}


def test_captions_are_a_column_only_where_they_were_asked_for(pictures: Pixels) -> None:
    """The other columns are the same."""
    without = measure_images(pictures[:3], pictures[0], scene_encoder())
    with_them = measure_images(pictures[:3], pictures[0], scene_encoder(captions=True))

    assert set(with_them) - set(without) == {"i_clip_caption"}
    assert all(with_them[name].tolist() == without[name].tolist() for name in without)


def test_a_name_tells_encoders_apart(of_photographs: Encoder) -> None:
    """By what they are called, and by a digest of all that they look through."""
    layout = SceneEncoder()
    layout.midlevel = MidLevel(MidLevelNetwork(Config(widths=(8, 8, 8), channels=2, features=12)))
    names = [encoder().name, encoder(captions=True).name, layout.name, of_photographs.name]

    assert [name.split(":")[0] for name in names] == ["scenes", "scenes+captions", "scenes", "dreamsim+clip+captions"]
    assert all(re.fullmatch(r"[a-z+]+:[0-9a-f]{12}", name) for name in names)
    assert len({name.split(":")[1] for name in names}) == 4
    assert SceneEncoder().name == encoder(NAMES[0]).name


def test_the_commands_offer_these_names() -> None:
    """`measure` and `evaluate`; the first is the default."""
    options = {option.name: option for command in (evaluate, measure) for option in command.params}

    assert isinstance(options["encoder"].type, click.Choice)
    assert tuple(options["encoder"].type.choices) == NAMES
    assert options["encoder"].default == NAMES[0]


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is generated or fetched."""
    monkeypatch.setitem(sys.modules, "dreamsim", None)

    with pytest.raises(MissingExtraError, match="dreamsim"):
        encoder("dreamsim+clip")


def test_equal_images_are_encoded_once(pictures: Pixels) -> None:
    """The reference stands in most sets that are measured, and captions cost most of all."""
    counted: list[int] = []

    class Counting:
        name = "counting"

        def __call__(self, images: Pixels) -> Any:
            counted.append(len(images))
            return scene_encoder()(images)

    measure_images(pictures[[0, 1, 2, 2]], pictures[2], Counting())

    assert counted == [3]
    assert np.ndim(measure_images(pictures[:1], pictures[0], Counting())["d_sim"]) == 1
