"""The paper's networks, their ablations, and the curves between the knots."""

import numpy as np
import pytest
import torch
from scipy.interpolate import PchipInterpolator

from budgetfusion.predictor.interpolation import monotone
from budgetfusion.predictor.network import CurveNetwork, NetworkConfig
from budgetfusion.predictor.perceptron import Perceptron
from budgetfusion.predictor.training import PAPER, fit_apart, passes
from budgetfusion.predictor.variants import VARIANTS, variants
from budgetfusion.steps import DENSE, KNOTS

WIDTH, HIDDEN = 8, 4


def parameters(name: str, *, hidden: int = HIDDEN, width: int = WIDTH) -> int:
    """Return the number of parameters of a variant."""
    config = variants(width, hidden=hidden)[name].network
    assert isinstance(config, NetworkConfig)
    with torch.device("meta"):
        return sum(value.numel() for value in CurveNetwork(config).parameters())


def answers(name: str, text: torch.Tensor) -> np.ndarray:
    """Return what an untrained variant says, shape (prompts, metrics, steps)."""
    torch.manual_seed(0)
    config = variants(WIDTH, hidden=HIDDEN)[name].network
    network = (CurveNetwork(config) if isinstance(config, NetworkConfig) else Perceptron(config)).eval()
    with torch.inference_mode():
        return network(text).numpy()


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_answers_for_every_metric_and_step_count(name: str) -> None:
    """Shape (prompts, 3, steps) within (0, 1)."""
    found = answers(name, torch.randn(5, WIDTH))

    assert found.shape == (5, 3, 12 if name == "ours" else 129)
    assert ((found > 0) & (found < 1)).all()


def test_the_papers_network_has_the_papers_size() -> None:
    """Three networks of 12.7 million parameters and 129 positions each, for Stable Diffusion 2's 1,024 numbers."""
    assert parameters("paper", hidden=512, width=1024) / 3 == pytest.approx(12.73e6 + 129 * 1024, rel=0.001)


def test_the_perceptron_has_as_many_parameters_as_the_lstm() -> None:
    """Within 5 %, so that the ablation compares kinds and not sizes."""
    lstm, mlp = (parameters(name, hidden=64, width=128) for name in ("paper", "mlp-tanh"))

    assert mlp == pytest.approx(lstm, rel=0.05)


def test_without_text_every_prompt_gets_the_same_curve() -> None:
    """Nothing of the text is left, and the paper's layout hears it."""
    text = torch.randn(2, WIDTH)

    assert np.ptp(answers("without-text", text), axis=0).max() < 1e-6
    assert np.ptp(answers("paper", text), axis=0).max() > 1e-6


def test_without_t_the_perceptron_would_be_flat_and_the_lstm_knows_its_ends_alone() -> None:
    """Every position is handed the same, so a bidirectional LSTM tells only how far the ends are."""
    found = answers("without-t", torch.randn(1, WIDTH))[0, 0]

    assert np.ptp(found[50:80]) < 1e-4
    assert np.ptp(found) > np.ptp(found[50:80])


def test_networks_fitted_apart_share_nothing() -> None:
    """Each metric's network is what it would be without the others, as in the paper."""
    config = NetworkConfig(WIDTH, hidden=HIDDEN)
    training = PAPER.__class__(epochs=1, validation_share=0.0)
    text = np.random.default_rng(0).normal(size=(6, WIDTH)).astype("f4")
    targets = np.random.default_rng(1).uniform(size=(6, 3, 129))

    def fitted(of: np.ndarray) -> torch.Tensor:
        torch.manual_seed(0)
        network = CurveNetwork(config)
        torch.manual_seed(1)
        fit_apart(network, text, of, training)
        return network.heads[0][0].weight.detach().clone()

    others = targets.copy()
    others[:, 1:] = 0.5
    assert torch.equal(fitted(targets), fitted(others))


def test_i_clip_is_trained_twice_as_long() -> None:
    """25 epochs for L-SNR and D-SIM, 50 for I-CLIP (arXiv:2412.05780, section 3.3)."""
    assert passes(NetworkConfig(WIDTH), PAPER) == 25 + 25 + 50
    assert (PAPER.learning_rate, PAPER.batch_size) == (1e-4, 32)


def test_monotone_curves_are_exact_at_the_knots_and_never_overshoot(rng: np.random.Generator) -> None:
    """Between two knots a curve stays between their values, whatever it does elsewhere."""
    curves = rng.uniform(size=(20, 3, len(KNOTS)))

    found = monotone(curves, np.array(KNOTS))

    assert np.allclose(found[..., np.array(KNOTS) - 1], curves)
    for k in range(len(KNOTS) - 1):
        part = found[..., KNOTS[k] - 1 : KNOTS[k + 1]]
        low, high = np.minimum(curves[..., k], curves[..., k + 1]), np.maximum(curves[..., k], curves[..., k + 1])
        assert (part >= low[..., None] - 1e-9).all()
        assert (part <= high[..., None] + 1e-9).all()


def test_a_left_out_knot_of_a_decaying_curve_is_guessed_better_than_by_a_line() -> None:
    """Quality converges by ratios of step counts, so the logarithmic axis is where a curve is smooth."""
    curve = 1 / np.array(DENSE, dtype=np.float64)
    kept = np.array([k for k in KNOTS if k != 22])

    ours = PchipInterpolator(np.log(kept), curve[kept - 1])(np.log(22))

    assert abs(ours - curve[21]) < abs(np.interp(22, kept, curve[kept - 1]) - curve[21]) / 2
