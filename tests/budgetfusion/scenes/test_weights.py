"""The embedded weights are small, complete and say how they are to be sampled."""

import json

import pytest

from budgetfusion import scenes

MAX_BYTES = 18_000_000


def _config(part: str, name: str = "config.json") -> dict[str, object]:
    return json.loads((scenes.PIPELINE / part / name).read_text(encoding="utf-8"))


def test_the_weights_fit_into_the_repository() -> None:
    """Pipeline and CLIP together."""
    size = sum(path.stat().st_size for path in scenes.WEIGHTS.rglob("*") if path.is_file())

    assert 10_000_000 < size <= MAX_BYTES


def test_the_scheduler_is_the_papers() -> None:
    """Euler, v-prediction, linspace: Stable Diffusion 2 as in arXiv:2412.05780, section 3.1."""
    config = _config("scheduler", "scheduler_config.json")

    assert config["_class_name"] == "EulerDiscreteScheduler"
    assert (config["prediction_type"], config["timestep_spacing"]) == ("v_prediction", "linspace")
    assert (config["beta_schedule"], config["beta_start"], config["beta_end"]) == ("scaled_linear", 0.00085, 0.012)


def test_the_parts_fit_each_other() -> None:
    """Latent channels, widths and vocabulary agree between the networks."""
    unet, vae, text = _config("unet"), _config("vae"), _config("text_encoder")
    tokenizer = _config("tokenizer", "tokenizer.json")

    assert unet["in_channels"] == unet["out_channels"] == vae["latent_channels"]
    assert unet["cross_attention_dim"] == text["hidden_size"]
    assert vae["scaling_factor"] == 1.0
    assert len(tokenizer["model"]["vocab"]) == text["vocab_size"]


@pytest.mark.parametrize("file", sorted(scenes.WEIGHTS.rglob("*.json")), ids=lambda path: path.parent.name)
def test_the_configurations_name_no_machine(file: object) -> None:
    """Nobody's folders are in what we ship."""
    assert '"_name_or_path"' not in file.read_text(encoding="utf-8")
