"""Stage `midlevel`: the encoder of layout, taught on triplets of drawn scenes."""

import json
import random
from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from budgetfusion.scenes import midlevel
from budgetfusion.scenes.midlevel import Config, MidLevelNetwork
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.settings import MidLevelSettings, Settings
from budgetfusion.scenes.training.shards import Loss
from budgetfusion.scenes.training.trainer import Trainer, fit
from budgetfusion.scenes.training.triplets import KINDS, triplets

_HELD_OUT_SEED = 95
_AT_ONCE = 128  # triplets that are judged together
_TEMPERATURE = 0.1  # of distances, in [0, 2]


def train_midlevel(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Train the encoder and leave it as `midlevel.safetensors`.

    Returns:
        Share of new triplets of each kind that are in the right order.
    """
    trainer = Trainer(settings.midlevel.schedule, {"midlevel": build_midlevel(settings.midlevel).to(device)})
    checkpoint = folder.checkpoint("midlevel")
    trainer.resume(checkpoint, device)

    def losses_of_step() -> Sequence[Loss]:
        rng = trainer.scenes.rng
        kinds = rng.choices(list(KINDS), k=settings.midlevel.schedule.batch)
        pixels = triplets(rng, trainer.rng, kinds).to(device)
        return [partial(triplet_loss, trainer.networks["midlevel"], pixels)]

    fit(trainer, losses_of_step, checkpoint, label="midlevel", minutes=settings.checkpoint_minutes)
    network = trainer.averages["midlevel"].eval()
    assert isinstance(network, MidLevelNetwork)  # noqa: S101 -- for the type checker
    with folder.finishing("midlevel") as result:
        midlevel.save(network, result / "midlevel.safetensors")
        (result / "losses.json").write_text(json.dumps(trainer.losses), encoding="utf-8")
    return {kind: _ordered(network, kind, settings.midlevel.held_out, device) for kind in KINDS}


def build_midlevel(settings: MidLevelSettings) -> MidLevelNetwork:
    """Make an encoder that knows nothing yet."""
    torch.manual_seed(settings.schedule.seed)
    return MidLevelNetwork(Config(settings.widths, settings.channels, settings.features)).train()


def triplet_loss(network: nn.Module, pixels: Tensor) -> Tensor:
    """Return how badly triplets are ordered, and how badly an anchor's near picture is found among the others'.

    Args:
        network: Pictures to features.
        pixels: Anchors, near and far pictures, shape (3, triplets, 3, 64, 64), -1..1.
    """
    with torch.autocast(pixels.device.type, torch.bfloat16):
        features = network(pixels.flatten(0, 1))
    anchor, near, far = F.normalize(features, dim=1).view(3, pixels.shape[1], -1)
    wrong = (anchor * far).sum(dim=1) - (anchor * near).sum(dim=1)
    ordered = F.softplus(wrong / _TEMPERATURE).mean()
    target = torch.arange(len(anchor), device=anchor.device)
    found = F.cross_entropy(anchor @ near.T / _TEMPERATURE, target)
    total: Tensor = ordered + found
    return total


@torch.no_grad()
def _ordered(network: nn.Module, kind: str, count: int, device: torch.device) -> float:
    """Return the share of triplets whose near picture is nearer than the far one."""
    rng, noise = random.Random(_HELD_OUT_SEED), torch.Generator().manual_seed(_HELD_OUT_SEED)  # noqa: S311
    right = 0
    for start in range(0, count, _AT_ONCE):
        pixels = triplets(rng, noise, [kind] * min(_AT_ONCE, count - start)).to(device)
        features = F.normalize(network(pixels.flatten(0, 1)), dim=1).view(3, pixels.shape[1], -1)
        right += int(((features[0] * features[1]).sum(dim=1) > (features[0] * features[2]).sum(dim=1)).sum())
    return right / count
