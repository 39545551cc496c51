"""Loading networks of transformers that the metrics look through, and saying so if that fails."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import AutoImageProcessor, AutoTokenizer

from budgetfusion.metrics.errors import EncoderUnavailableError

Source = Path | str
"""A folder in transformers' format, or an id on the hub."""


class Network(NamedTuple):
    """A network, frozen, with what makes its inputs of pictures and of texts."""

    model: Any
    pictures: Any
    tokenizer: Any


def load_network(kind: Any, source: Source, revision: str | None, device: str) -> Network:
    """Load a network.

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
        # resizing by Pillow, whether torchvision is installed or not: the two give different numbers
        pictures = AutoImageProcessor.from_pretrained(source, backend="pil", **pinned)
        tokenizer = AutoTokenizer.from_pretrained(source, **pinned)
        model = kind.from_pretrained(source, dtype=torch.float32, **pinned)
    except (OSError, ValueError) as error:
        raise EncoderUnavailableError(str(source), str(error).strip().splitlines()[0].rstrip(".")) from error
    return Network(model.eval().requires_grad_(False).to(device), pictures, tokenizer)
