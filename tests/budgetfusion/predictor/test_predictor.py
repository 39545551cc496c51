"""The predictor: shapes, labels, fitting, and the file it lives in."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from budgetfusion.errors import FileContentError
from budgetfusion.predictor.network import CurveNetwork, NetworkConfig
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.training import IncompleteMeasurementsError, ShapeLoss, TrainingConfig, curves, fit
from budgetfusion.steps import DENSE, KNOTS

METRICS = ("l_snr", "d_sim", "i_clip")
SMALL = NetworkConfig(text_width=8, hidden=16, mlp_hidden=16, dropout=0.0)


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


@pytest.mark.parametrize("shared", [True, False])
def test_the_network_answers_for_every_metric_and_step_count(shared: bool) -> None:
    """Shape (batch, metrics, 129), within (0, 1), for the shared trunk and for one network for each metric."""
    network = CurveNetwork(NetworkConfig(text_width=8, steps=DENSE, hidden=4, shared_trunk=shared))

    found = network(torch.zeros(5, 8))

    assert tuple(found.shape) == (5, 3, 129)
    assert ((found > 0) & (found < 1)).all()


def test_the_papers_size_has_the_papers_layers() -> None:
    """Hidden 512 gives a state of 1024 into a perceptron of 128, as arXiv:2412.05780 states."""
    network = CurveNetwork(NetworkConfig.paper(text_width=1024))

    assert len(network.trunks) == 3
    assert [m.in_features for m in network.heads[0] if isinstance(m, torch.nn.Linear)] == [1024, 128]


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


def test_a_saved_predictor_answers_the_same(tmp_path: Path) -> None:
    """Saving and loading changes no bit, and names the file by a digest."""
    predictor = Predictor.fit(decaying_rows(8), encode, network=SMALL, training=TrainingConfig(epochs=1))
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


def test_the_shape_loss_is_blind_to_tiny_differences_and_sees_relative_ones() -> None:
    """An error of one spread costs the same in a large fall and in a small one; below the floor it costs nothing."""
    targets = torch.rand(50, 1, 3) * torch.tensor([1.0, 0.1, 0.0])
    loss = ShapeLoss(targets)
    level = torch.full_like(targets, 0.001)

    assert loss(targets, targets) == 0
    assert loss(targets + level, targets) < 0.01
    assert loss.spread[0, 0] > loss.spread[0, 1] > loss.spread[0, 2] == pytest.approx(0.01)


@pytest.mark.parametrize("content", [None, b"not safetensors"])
def test_a_file_that_is_no_predictor_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A missing or foreign file says how to make a predictor."""
    path = tmp_path / "p.safetensors"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(FileContentError, match=re.escape(str(path)) + r".*`budgetfusion train`"):
        Predictor.load(path)
