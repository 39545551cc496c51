"""Captions of the embedded world, looked up."""

import random
from pathlib import Path

import numpy as np

from budgetfusion.metrics import Pixels
from budgetfusion.metrics.clip import Clip
from budgetfusion.metrics.encoder import scene_captions
from budgetfusion.metrics.retrieval import Retrieval, bank
from budgetfusion.scenes import captions
from budgetfusion.scenes.draw import render
from budgetfusion.scenes.sentences import unknown_words


def test_the_bank_holds_each_caption_once() -> None:
    """The same ones in each process, and only words of the grammar."""
    found = bank(300)

    assert found == bank(300)
    assert len(found) == len(set(found))
    assert not any(map(unknown_words, found))


def test_the_nearest_caption_is_picked(small_clip: Path, pictures: Pixels) -> None:
    """By the cosine, computed here one by one."""
    clip = Clip(small_clip)
    texts = ["a", "red ball", "box", "two trees"]
    images, sentences = clip.images(pictures), clip.texts(texts)
    images, sentences = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (images, sentences))

    expected = [max(texts, key=lambda text: float(sentences[texts.index(text)] @ image)) for image in images]

    assert Retrieval(clip, texts)(pictures) == expected


def test_captions_of_the_embedded_world_name_what_was_drawn() -> None:
    """The background of most drawn held-out scenes that have one object; chance is 1 in 14."""
    scenes = [s for s in captions.scenes(held_out=True, each=12) if captions.stratum(s) == "one"]
    drawn = np.stack([render(scene, random.Random(k)) for k, scene in enumerate(scenes)])  # noqa: S311 -- pictures
    found = scene_captions().captions(drawn)

    named = [scene.background in caption for scene, caption in zip(scenes, found, strict=True)]

    assert sum(named) > len(named) / 2
