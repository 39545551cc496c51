"""Stage `attributes`: the judge of what a picture shows, taught on drawn scenes, clean and spoilt."""

import json
import random
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from budgetfusion.scenes import attributes
from budgetfusion.scenes.attributes import AttributeNetwork, Attributes, Config, Outputs, Seen, main_class, main_group
from budgetfusion.scenes.convolution import to_images
from budgetfusion.scenes.grammar import COLOURS, SHAPES
from budgetfusion.scenes.training.degrade import degrade
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.labels import UNKNOWN, Labelled, labelled
from budgetfusion.scenes.training.settings import AttributeSettings, Settings
from budgetfusion.scenes.training.shards import Loss
from budgetfusion.scenes.training.trainer import Trainer, fit

_HELD_OUT_SEED = 96
_NOTHING = 0.25  # weight of a place without an object, where one with an object has 1
_SHAPES = 2.0  # weight of the shapes' map, which is learnt the slowest
_DENSITY = 2.0  # weight of the density's error


def train_attributes(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Train the judge and leave it as `attributes.safetensors`.

    Returns:
        Shares of right answers on new scenes, clean and (`spoilt_`) degraded.
    """
    trainer = Trainer(settings.attributes.schedule, {"attributes": build_attributes(settings.attributes).to(device)})
    checkpoint = folder.checkpoint("attributes")
    trainer.resume(checkpoint, device)

    def losses_of_step() -> Sequence[Loss]:
        batch = labelled(trainer.scenes.rng, settings.attributes.schedule.batch)
        clean = torch.rand(len(batch.pixels), 1, 1, 1, generator=trainer.rng) >= settings.attributes.spoilt
        pixels = torch.where(clean, batch.pixels, degrade(batch.pixels, trainer.rng))
        return [partial(attribute_loss, trainer.networks["attributes"], pixels.to(device), batch)]

    fit(trainer, losses_of_step, checkpoint, label="attributes", minutes=settings.checkpoint_minutes)
    network = trainer.averages["attributes"]
    assert isinstance(network, AttributeNetwork)  # noqa: S101 -- for the type checker
    with folder.finishing("attributes") as result:
        attributes.save(network, result / "attributes.safetensors")
        (result / "losses.json").write_text(json.dumps(trainer.losses), encoding="utf-8")
    return _judged(attributes.load(folder.result("attributes") / "attributes.safetensors", str(device)), settings)


def build_attributes(settings: AttributeSettings) -> AttributeNetwork:
    """Make a judge that knows the grammar's classes and nothing yet."""
    torch.manual_seed(settings.schedule.seed)
    return AttributeNetwork(Config(widths=settings.widths, features=settings.features)).train()


def attribute_loss(network: torch.nn.Module, pixels: Tensor, truth: Labelled) -> Tensor:
    """Return what the judge's answers lack: of the whole pictures, and of each place.

    Args:
        network: The judge.
        pixels: Shape (batch, 3, 64, 64), -1..1, on the network's device; perhaps spoilt.
        truth: What they show.
    """
    device = pixels.device
    with torch.autocast(device.type, torch.bfloat16):
        out: Outputs = network(pixels)
    density = (out.density - truth.density.to(device)).square().sum(dim=(1, 2)).mean()
    loss: Tensor = (
        F.cross_entropy(out.backgrounds, truth.backgrounds.to(device))
        + F.cross_entropy(out.counts, truth.counts.to(device))
        + F.binary_cross_entropy_with_logits(out.shapes, truth.shapes.to(device)) * len(SHAPES) / 4
        + F.binary_cross_entropy_with_logits(out.colours, truth.colours.to(device)) * len(COLOURS) / 4
        + _SHAPES * _places(out.shape_map, truth.shape_map.to(device))
        + _places(out.colour_map, truth.colour_map.to(device))
        + _DENSITY * density
    )
    return loss


def accuracies(seen: Seen, truth: Labelled) -> Figures:
    """Return shares of right answers.

    `shapes` and `colours` are shares of pictures of whose shapes (colours) none is overlooked and none imagined;
    `main_shape` and `main_colour` are of scenes with an object (a colour) that the caption names first.
    """
    right = {
        "background": seen.backgrounds.argmax(axis=1) == truth.backgrounds.numpy(),
        "shapes": ((seen.shapes > 0.5) == truth.shapes.numpy()).all(axis=1),
        "colours": ((seen.colours > 0.5) == truth.colours.numpy()).all(axis=1),
        "count": seen.counts.argmax(axis=1) == truth.counts.numpy(),
    }
    named = [(k, *main) for k, scene in enumerate(truth.scenes) if (main := main_group(scene))]
    shape_right = [SHAPES[main_class(seen.shape_map[k], region)] == group.shape for k, group, region in named]
    colour_right = [
        tuple(COLOURS)[main_class(seen.colour_map[k], region)] == group.colour
        for k, group, region in named
        if group.colour
    ]
    shares = {name: float(answers.mean()) for name, answers in right.items()}
    return shares | {"main_shape": float(np.mean(shape_right)), "main_colour": float(np.mean(colour_right))}


def _places(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the mean cross-entropy over the places whose truth is known, those without an object weighing less."""
    errors = F.cross_entropy(logits, truth, ignore_index=UNKNOWN, reduction="none")
    weights = torch.where(truth > 0, 1.0, _NOTHING) * (truth != UNKNOWN)
    total: Tensor = (errors * weights).sum() / weights.sum()
    return total


def _judged(judge: Attributes, settings: Settings) -> Figures:
    truth = labelled(random.Random(_HELD_OUT_SEED), settings.attributes.held_out)  # noqa: S311 -- nothing secret
    spoilt = degrade(truth.pixels, torch.Generator().manual_seed(_HELD_OUT_SEED))
    clean_shares = accuracies(judge.see(to_images(truth.pixels)), truth)
    spoilt_shares = accuracies(judge.see(to_images(spoilt)), truth)
    return clean_shares | {f"spoilt_{name}": share for name, share in spoilt_shares.items()}
