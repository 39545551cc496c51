"""The judge of pictures answers in probabilities, and is refused if it knows another grammar."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from budgetfusion.errors import FileContentError
from budgetfusion.scenes import attributes
from budgetfusion.scenes.attributes import COUNTS, AttributeNetwork, Attributes, Config, main_class
from budgetfusion.scenes.grammar import COLOURS, PREPOSITIONS, SHAPES

SMALL = Config(widths=(8, 8, 16), features=8)
IMAGES = np.random.default_rng(0).integers(0, 256, (70, 64, 64, 3), dtype=np.uint8)  # more than one batch


@pytest.fixture(scope="module")
def judge() -> Attributes:
    """A judge without any training."""
    torch.manual_seed(0)
    return Attributes(AttributeNetwork(SMALL))


def test_answers_are_probabilities(judge: Attributes) -> None:
    """One of all backgrounds and one of all counts is right; each shape and colour is there or not."""
    seen = judge.see(IMAGES)

    for answers, classes in ((seen.backgrounds, len(PREPOSITIONS)), (seen.counts, COUNTS)):
        assert answers.shape == (70, classes)
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    for answers, names in ((seen.shapes, SHAPES), (seen.colours, COLOURS)):
        assert answers.shape == (70, len(names))
        assert ((answers >= 0) & (answers <= 1)).all()
    for places, names in ((seen.shape_map, SHAPES), (seen.colour_map, COLOURS)):
        assert places.shape == (70, 1 + len(names), 16, 16)
        np.testing.assert_allclose(places.sum(axis=1), 1, atol=1e-5)


def test_what_sets_of_images_are_scored_by_has_a_row_for_each_image(judge: Attributes) -> None:
    """Features for FID-scenes; for IS-scenes probabilities of pairs of a background and a main shape or none."""
    assert judge.features(IMAGES).shape == (70, 8)
    probabilities = judge.probabilities(IMAGES)

    assert probabilities.shape == (70, len(PREPOSITIONS) * (1 + len(SHAPES)))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_an_image_is_judged_for_itself(judge: Attributes) -> None:
    """Its company changes nothing but the last bits."""
    np.testing.assert_allclose(judge.see(IMAGES).shapes[69], judge.see(IMAGES[69:]).shapes[0], atol=1e-5)


def test_the_main_class_is_what_fills_most_of_the_region() -> None:
    """Whatever fills the rest of the picture."""
    places = np.zeros((3, 16, 16), dtype=np.float32)
    places[1] = 1
    places[1, :, :4], places[2, :, :4] = 0.1, 0.9

    assert main_class(places, (0.0, 0.0, 0.25, 1.0)) == 1
    assert main_class(places, (0.5, 0.0, 1.0, 1.0)) == 0


def test_a_region_between_two_places_is_one_place() -> None:
    """It is never empty."""
    places = np.zeros((2, 16, 16), dtype=np.float32)
    places[1, 8, 8] = 1

    assert main_class(places, (0.5, 0.5, 0.5, 0.5)) == 0


def test_the_density_counts(judge: Attributes) -> None:
    """A sum of 3.1 is three objects, one of 8.6 is more than eight, and so is one of 30."""
    counts = attributes._counts(torch.tensor([3.1, 8.6, 30.0]), torch.tensor(4.0))

    assert counts.argmax(dim=1).tolist() == [3, 9, 9]


def test_a_judge_comes_back_from_its_file(judge: Attributes, tmp_path: Path) -> None:
    """With the same answers, but for half precision."""
    attributes.save(judge.network, tmp_path / "judge.safetensors")
    found = attributes.load(tmp_path / "judge.safetensors")

    assert found.config == SMALL
    np.testing.assert_allclose(found.see(IMAGES[:4]).backgrounds, judge.see(IMAGES[:4]).backgrounds, atol=5e-3)


def test_a_judge_of_another_grammar_is_refused(tmp_path: Path) -> None:
    """It would call things by wrong names."""
    network = AttributeNetwork(replace(SMALL, shapes=("ball",)))
    attributes.save(network, tmp_path / "judge.safetensors")

    with pytest.raises(FileContentError, match=r"of another grammar, expected one of this grammar\. Run `python -m"):
        attributes.load(tmp_path / "judge.safetensors")
