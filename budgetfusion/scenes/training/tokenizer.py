"""Stage `tokenizer`: a byte-level BPE of the scenes' captions, in CLIP's format."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from transformers import CLIPTokenizer

from budgetfusion.scenes.training.batches import sample_captions
from budgetfusion.scenes.training.folder import Figures, TrainingFolder
from budgetfusion.scenes.training.settings import Settings

_SEED = 7
_MAX_ENTRIES = 1_500  # more than the captions ever fill
_END_OF_WORD = "</w>"
_SPECIAL = ("<|startoftext|>", "<|endoftext|>")
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"  # CLIP's own pattern


def train_tokenizer(folder: TrainingFolder, settings: Settings, device: torch.device) -> Figures:
    """Train the tokenizer; every byte stays in its vocabulary, so any prompt can be written in it.

    Returns:
        Entries of the vocabulary, and tokens of the longest caption.
    """
    captions = sample_captions(settings.captions, _SEED)
    merges = _merges(captions)
    vocabulary = _vocabulary(merges)
    tokenizer: Any = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=settings.max_tokens)  # type: ignore[arg-type]
    with folder.finishing("tokenizer") as result:
        tokenizer.save_pretrained(result)
        _write_plain(result, vocabulary, merges)
    longest = max(len(ids) for ids in tokenizer(captions[:4_000], truncation=False).input_ids)
    return {"entries": len(tokenizer), "longest_caption_tokens": longest}


def tokens_of(tokenizer: Any, captions: list[str], device: torch.device) -> Tensor:
    """Return the captions' tokens, padded as a pipeline pads them, shape (captions, tokenizer.model_max_length)."""
    length = tokenizer.model_max_length
    padded = tokenizer(captions, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    tokens: Tensor = padded.input_ids.to(device)
    return tokens


def _merges(captions: list[str]) -> list[tuple[str, str]]:
    """Return the pairs that are merged, the most frequent first."""
    bpe = Tokenizer(models.BPE(end_of_word_suffix=_END_OF_WORD, continuing_subword_prefix=""))
    whitespace = normalizers.Replace(Regex(r"\s+"), " ")
    bpe.normalizer = normalizers.Sequence([normalizers.NFC(), whitespace, normalizers.Lowercase()])
    words = pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    trainer = trainers.BpeTrainer(
        vocab_size=_MAX_ENTRIES, initial_alphabet=_alphabet(), end_of_word_suffix=_END_OF_WORD, show_progress=False
    )
    bpe.train_from_iterator(captions, trainer)
    pairs = json.loads(bpe.to_str())["model"]["merges"]
    return [(first, second) for first, second in pairs]


def _vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """Number the entries as CLIP does: bytes, bytes that end a word, merges, special tokens."""
    alphabet = _alphabet()
    entries = [*alphabet, *(letter + _END_OF_WORD for letter in alphabet)]
    entries += [first + second for first, second in merges]
    return {entry: number for number, entry in enumerate(dict.fromkeys([*entries, *_SPECIAL]))}


def _alphabet() -> list[str]:
    return sorted(pre_tokenizers.ByteLevel.alphabet())


def _write_plain(result: Path, vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> None:
    """Write the two files from which transformers before version 5 builds the tokenizer."""
    (result / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(f"{first} {second}" for first, second in merges)]
    (result / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
