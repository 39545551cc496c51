"""Loading networks of transformers that the metrics look through, and saying so if that fails."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoProcessor

from budgetfusion.metrics.errors import EncoderUnavailableError

Source = Path | str
"""A folder in transformers' format, or an id on the hub."""


def load_with_processor(kind: Any, source: Source, revision: str | None, device: str) -> tuple[Any, Any]:
    """Return a network, frozen, and the processor of its images and texts.

    Args:
        kind: A model class of transformers.
        source: Where it is.
        revision: The commit on the hub; of no meaning for a folder.
        device: Where it will compute.

    Raises:
        EncoderUnavailableError: If it is not there, or cannot be reached.
    """
    pinned = {} if Path(source).is_dir() else {"revision": revision}
    try:
        processor = AutoProcessor.from_pretrained(source, **pinned)
        model = kind.from_pretrained(source, dtype=torch.float32, **pinned)
    except (OSError, ValueError) as error:
        raise EncoderUnavailableError(str(source), str(error).strip().splitlines()[0].rstrip(".")) from error
    return model.eval().requires_grad_(False).to(device), processor
