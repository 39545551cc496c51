"""Latents kept beside a measurement, for who wants the images later: bfloat16, one file for each batch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save

from budgetfusion.config import digest
from budgetfusion.places import Place

NUMBER_BYTES = 2
"""bfloat16 keeps 8 of a number's 24 significant bits: decoded, an image is the measured one but for some levels."""


@dataclass(frozen=True)
class LatentsFolder:
    """A folder of safetensors files, each with the tensor `latents` and what it is of in its metadata."""

    place: Place

    @staticmethod
    def name(key: object) -> str:
        """Return the file name of a batch."""
        return f"{digest(key)[:16]}.safetensors"

    def finished(self) -> set[str]:
        """Return the names of the files that are there."""
        return set(self.place.names())

    def keep(
        self,
        key: object,
        latents: NDArray[np.float32],
        jobs: Sequence[tuple[str, int]],
        steps: Sequence[int],
        config_digest: str,
    ) -> None:
        """Write the latents of a batch, all of them or nothing.

        Args:
            key: All that they depend on, as JSON can say it; it names the file.
            latents: Shape (jobs, step counts, channels, height / vae_scale_factor, width / vae_scale_factor).
            jobs: Prompts and seeds.
            steps: Step counts.
            config_digest: Of the model and its generation settings.
        """
        about = {"jobs": json.dumps(jobs), "num_steps": json.dumps(steps), "config_digest": config_digest}
        data = save({"latents": torch.from_numpy(latents).bfloat16().contiguous()}, metadata=about)
        self.place.inside(self.name(key)).write(data)
