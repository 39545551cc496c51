"""DreamSim through its package; a stand-in with the package's interface is in its place."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from budgetfusion.errors import MissingExtraError
from budgetfusion.metrics import Pixels
from budgetfusion.metrics.d_sim import d_sim
from budgetfusion.metrics.dreamsim import DreamSim
from budgetfusion.metrics.errors import EncoderUnavailableError


def test_d_sim_is_the_package_s_own_distance(dreamsim_package: Any, pictures: Pixels) -> None:
    """The features leave the package, and their 1 - cosine is what its model says of each pair, clipped at 1."""
    layout = DreamSim()
    model, prepare = dreamsim_package.dreamsim(device="cpu", cache_dir=dreamsim_package.called["cache_dir"])
    pairs = [[prepare(Image.fromarray(one)) for one in (image, pictures[0])] for image in pictures[1:]]

    expected = [min(model(*pair).item(), 1.0) for pair in pairs]

    features = layout(pictures)
    assert d_sim(features[1:], features[0]) == pytest.approx(expected, abs=1e-6)


def test_an_image_does_not_depend_on_the_batch(dreamsim_package: Any, pictures: Pixels) -> None:
    """Alone or among 31 others, which are more than a batch."""
    layout = DreamSim()
    together, alone = layout(pictures), np.concatenate([layout(image[None]) for image in pictures])

    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-6)


def test_the_package_is_called_as_it_wants(
    dreamsim_package: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its weights go into torch's hub folder, which stays where it was; its chatter leaves standard output alone."""
    layout = DreamSim("cpu")

    expected = {"device": "cpu", "cache_dir": str(tmp_path / "hub" / "dreamsim"), "dreamsim_type": "ensemble"}
    assert dreamsim_package.called == expected
    assert torch.hub.get_dir() == str(tmp_path / "hub")
    assert capsys.readouterr() == ("", "Downloading checkpoint\n")
    assert layout.facts == {"dreamsim": "0.2.1 ensemble"}


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing, and how to get it."""
    monkeypatch.setitem(sys.modules, "dreamsim", None)

    with pytest.raises(MissingExtraError, match=r"'dreamsim' is not installed.*'\.\[dreamsim\]'"):
        DreamSim()


def test_weights_that_cannot_be_fetched_are_named(dreamsim_package: Any, tmp_path: Path) -> None:
    """And torch's hub folder stays where it was."""
    dreamsim_package.error = ConnectionError("no route to host.\nmore")

    with pytest.raises(EncoderUnavailableError, match=r"'dreamsim' cannot be loaded: no route to host\. Expected"):
        DreamSim()
    assert torch.hub.get_dir() == str(tmp_path / "hub")
