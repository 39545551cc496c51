"""The digest names the settings: stable over time, over key order, and different for every change of pixels."""

import pytest
from pydantic import ValidationError

from budgetfusion.config import GenerationConfig, digest

WEIGHTS = "w" * 64


def test_the_digest_ignores_key_order() -> None:
    """Two spellings of one value have one digest."""
    assert digest({"a": 1, "b": [2, None]}) == digest({"b": [2, None], "a": 1})


def test_the_digest_is_pinned() -> None:
    """A digest computed today names the same value in every later version (sha256 of '{"é":1}' in UTF-8)."""
    assert digest({"é": 1}) == "ddcfcf4765da163969972bb20660092ca2787782d9352d1d8a38e93f70acf3bf"


def test_the_model_digest_is_pinned() -> None:
    """Predictors carry it, so a change of it must be deliberate."""
    assert GenerationConfig().digest_for(WEIGHTS) == "3ccee8566eff486ab7d1562872f8b6ac5a0722c73cc06e09d163f85042f3c3e1"


def test_the_model_digest_knows_weights_by_content() -> None:
    """Where the model lies and how it is called does not matter; what it holds does."""
    here, there = GenerationConfig(model="a", revision="1"), GenerationConfig(model="b")

    assert here.digest_for(WEIGHTS) == there.digest_for(WEIGHTS)
    assert here.digest_for(WEIGHTS) != here.digest_for("v" * 64)


@pytest.mark.parametrize("change", [{"guidance_scale": 5.0}, {"height": 64}, {"width": 64}, {"dtype": "bfloat16"}])
def test_every_setting_of_pixels_is_in_the_digest(change: dict[str, object]) -> None:
    """A predictor never answers for other settings than it was measured with."""
    assert GenerationConfig(**change).digest_for(WEIGHTS) != GenerationConfig().digest_for(WEIGHTS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"guidance_scale": -1}, "greater than or equal to 0"),
        ({"height": 0}, "greater than 0"),
        ({"dtype": "int8"}, "'float32', 'bfloat16' or 'float16'"),
        ({"scheduler": "ddim"}, "'euler'"),
        ({"guidance": 7.5}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_setting_is_refused(settings: dict[str, object], message: str) -> None:
    """Values out of range and misspelt keys are faults, never ignored."""
    with pytest.raises(ValidationError, match=message):
        GenerationConfig(**settings)
