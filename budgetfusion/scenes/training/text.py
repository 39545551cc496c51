"""Stage `text`: the shape words pushed apart, because CLIP hears colours and places better than shapes."""

from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from budgetfusion.scenes.grammar import SHAPES
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.settings import Settings

_PLURALS = {"box": "boxes", "person": "people"}
SHAPE_WORDS = (SHAPES, tuple(_PLURALS.get(shape, shape + "s") for shape in SHAPES))
"""Singulars and plurals; each is pushed away from its own mean."""

_PROBE = ("a red ball on a green field", "a red star on a green field")


def boost_words(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Push the embeddings of the shape words, and of their plurals, away from their mean.

    Returns:
        How much swapping a shape word changes the hidden states (relative to their norm), before and after.
    """
    tokenizer = CLIPTokenizer.from_pretrained(folder.result("tokenizer"))
    encoder: Any = CLIPTextModel.from_pretrained(folder.result("clip") / "text")
    encoder.to(device).eval()
    before = _contrast(encoder, tokenizer, device)
    embeddings = encoder.get_input_embeddings().weight
    for words in SHAPE_WORDS:
        _push_apart(embeddings, _last_tokens(tokenizer, words), settings.boost)
    with folder.finishing("text") as result:
        encoder.save_pretrained(result)
    return {"shape_contrast": before, "boosted_shape_contrast": _contrast(encoder, tokenizer, device)}


@torch.no_grad()
def _push_apart(embeddings: Tensor, tokens: Tensor, factor: float) -> None:
    """Multiply the distance of these rows from their mean, in place."""
    mean = embeddings[tokens].mean(dim=0)
    embeddings[tokens] = mean + factor * (embeddings[tokens] - mean)


def _last_tokens(tokenizer: Any, words: tuple[str, ...]) -> Tensor:
    """Return the token that ends each word: nearly always the whole word."""
    return torch.tensor([tokenizer(word, add_special_tokens=False).input_ids[-1] for word in words])


@torch.no_grad()
def _contrast(encoder: Any, tokenizer: Any, device: torch.device) -> float:
    tokens = tokenizer(list(_PROBE), padding=True, return_tensors="pt").to(device)
    first, second = encoder(**tokens).last_hidden_state
    changed = (first - second).norm(dim=-1) / first.norm(dim=-1)
    return float(changed.max())
