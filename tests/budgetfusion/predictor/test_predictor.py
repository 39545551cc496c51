"""The predictor: shapes, labels, fitting, and the file it lives in."""

import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from budgetfusion.errors import FileContentError
from budgetfusion.predictor.network import CurveNetwork, NetworkConfig
from budgetfusion.predictor.perceptron import Perceptron, PerceptronConfig
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.training import IncompleteMeasurementsError, Precision, TrainingConfig, curves, fit
from budgetfusion.steps import KNOTS

METRICS = ("l_snr", "d_sim", "i_clip")
SMALL = NetworkConfig(text_width=8, steps=KNOTS, hidden=16, mlp_hidden=16, dropout=0.0)


def row(prompt: str, seed: int, num_steps: int, value: float) -> dict[str, Any]:
    """Return a row of the measurement table with the same value in every metric."""
    key = {"prompt": prompt, "seed": seed, "num_steps": num_steps, "config_digest": "d" * 64}
    return key | dict.fromkeys(METRICS, value)


def decaying_rows(prompts: int) -> list[dict[str, Any]]:
    """Return rows of prompts whose curves fall at different speeds."""
    return [
        row(f"prompt {k}", seed, knot, float(np.exp(-(knot - 1) / (3 + 3 * k))))
        for k in range(prompts)
        for seed in (0, 1)
        for knot in KNOTS
    ]


def encode(prompts: list[str]) -> np.ndarray:
    """Return a text embedding of eight numbers for each prompt."""
    return np.stack([np.random.default_rng(len(p) * 100 + ord(p[-1])).normal(size=8) for p in prompts]).astype("f4")


def test_the_network_answers_for_every_metric_and_step_count() -> None:
    """Shape (batch, metrics, 129), within (0, 1)."""
    network = CurveNetwork(NetworkConfig(text_width=8, hidden=4))

    found = network(torch.zeros(5, 8))

    assert tuple(found.shape) == (5, 3, 129)
    assert ((found > 0) & (found < 1)).all()


def test_the_papers_size_has_the_papers_layers() -> None:
    """Hidden 512 gives a state of 1024 into a perceptron of 128, as arXiv:2412.05780 states."""
    network = CurveNetwork(NetworkConfig(text_width=1024))

    assert len(network.trunks) == 3
    assert [m.in_features for m in network.heads[0] if isinstance(m, torch.nn.Linear)] == [1024, 128]


def test_our_network_hears_text_in_the_scale_of_the_training_prompts() -> None:
    """Shifting and stretching it, in training and after, changes nothing; a number that never varied is no error."""
    text = np.random.default_rng(0).normal(size=(20, 8)).astype("f4")
    text[:, 0] = 3.0

    def answers(heard: np.ndarray) -> np.ndarray:
        torch.manual_seed(0)
        network = Perceptron(PerceptronConfig(8, hidden=16)).eval()
        network.settle(heard, np.full((20, 3, 12), 0.25))
        for head in network.heads:
            torch.nn.init.normal_(head.weight)
        with torch.inference_mode():
            return network(torch.from_numpy(heard)).numpy()

    assert answers(text).shape == (20, 3, 12)
    assert np.allclose(answers(text), answers(5 * text - 2), atol=1e-5)


def test_our_network_begins_at_the_mean_curve() -> None:
    """Whatever it hears, so that training is left with the differences between prompts."""
    targets = np.random.default_rng(0).uniform(size=(20, 3, 12))
    network = Perceptron(PerceptronConfig(8)).eval()

    network.settle(np.zeros((20, 8), dtype=np.float32), targets)

    with torch.inference_mode():
        found = network(torch.randn(5, 8)).numpy()
    assert np.allclose(found, targets.mean(axis=0), atol=1e-6)


def test_labels_average_the_seeds_and_hit_the_knots() -> None:
    """Eq. 5, then linear interpolation that is exact where something was measured."""
    rows = [row("p", seed, knot, seed * 1.0) for seed in (0, 1) for knot in KNOTS]

    prompts, found = curves(rows, METRICS)

    assert prompts == ["p"]
    assert found.shape == (1, 3, 129)
    assert (found == 0.5).all()


def test_a_prompt_without_all_knots_is_refused() -> None:
    """An unfinished measurement says which prompt and what to do."""
    with pytest.raises(IncompleteMeasurementsError, match=r"Prompt 'p' has 1 measured .* `budgetfusion measure`"):
        curves([row("p", 0, 1, 0.5)], METRICS)


def test_the_network_overfits_eight_prompts() -> None:
    """It can represent curves: mean absolute error below .01 on what it was trained on."""
    prompts, targets = curves(decaying_rows(8), METRICS)
    torch.manual_seed(0)
    network = CurveNetwork(SMALL)
    config = TrainingConfig(epochs=300, batch_size=8, learning_rate=1e-2, validation_share=0.0)

    targets = targets[:, :, np.array(KNOTS) - 1]
    fit(network, encode(prompts), targets, config)

    network.eval()
    with torch.inference_mode():
        found = network(torch.from_numpy(encode(prompts))).numpy()
    assert np.abs(found - targets)[1:].mean() < 0.01


def test_fitting_is_reproducible() -> None:
    """The same rows and seed give the same weights."""
    config = TrainingConfig(epochs=2)

    first, second = (Predictor.fit(decaying_rows(8), encode, network=SMALL, training=config) for _ in range(2))

    assert (first.predict(encode(["prompt 1"])) == second.predict(encode(["prompt 1"]))).all()


def test_products_in_bfloat16_teach_nearly_the_same() -> None:
    """Predictions move by less than a hundredth, and weights stay in float32."""
    fitted = {
        precision: Predictor.fit(
            decaying_rows(8), encode, network=SMALL, training=TrainingConfig(epochs=20, precision=precision)
        )
        for precision in get_args(Precision)
    }

    found = {precision: one.predict(encode(["prompt 1"])) for precision, one in fitted.items()}
    assert 0 < np.abs(found["bfloat16"] - found["float32"]).max() < 0.01
    assert {value.dtype for value in fitted["bfloat16"].network.parameters()} == {torch.float32}


@pytest.mark.parametrize("layout", [SMALL, PerceptronConfig(8)])
def test_a_saved_predictor_answers_the_same(tmp_path: Path, layout: NetworkConfig | PerceptronConfig) -> None:
    """Saving and loading changes no bit, and names the file by a digest."""
    predictor = Predictor.fit(decaying_rows(8), encode, network=layout, training=TrainingConfig(epochs=1))
    predictor.save(tmp_path / "p.safetensors")

    loaded = Predictor.load(tmp_path / "p.safetensors")

    assert (loaded.predict(encode(["x"])) == predictor.predict(encode(["x"]))).all()
    assert loaded.model_digest == "d" * 64
    assert len(loaded.digest) == 64


def test_budgets_carry_every_plateau_and_both_digests(tmp_path: Path) -> None:
    """A row of the budget table says how many steps, why, and by whose word."""
    predictor = Predictor.fit(decaying_rows(8), encode, network=SMALL, training=TrainingConfig(epochs=1))

    budget = predictor.budgets(["prompt 1"], encode, "m" * 64)[0]

    assert (budget.rule, budget.model_digest) == ("OURS", "m" * 64)
    assert budget.num_steps == max(t for t in (budget.t_l_snr, budget.t_d_sim, budget.t_i_clip) if t is not None)


@pytest.mark.parametrize("content", [None, b"not safetensors"])
def test_a_file_that_is_no_predictor_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A missing or foreign file says how to make a predictor."""
    path = tmp_path / "p.safetensors"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(FileContentError, match=re.escape(str(path)) + r".*`budgetfusion train`"):
        Predictor.load(path)
