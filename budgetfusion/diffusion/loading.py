"""From a folder, a file or the hub to one of four of diffusers' pipelines, or to one line that says why not."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from diffusers import DiffusionPipeline
from diffusers.loaders.single_file_utils import SingleFileComponentError
from diffusers.utils import logging as diffusers_logging
from huggingface_hub import model_info
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from transformers.utils import logging as transformers_logging

from budgetfusion.diffusion import architectures
from budgetfusion.diffusion.kinds import KINDS
from budgetfusion.diffusion.model_errors import PipelineUnknownError, TextEncoderMissingError, WeightsUnsafeError
from budgetfusion.diffusion.names import Source
from budgetfusion.errors import ModelUnavailableError

_FOREIGN = ("httpx", "huggingface_hub", "requests", "safetensors")
"""Modules whose exceptions mean that the hub was not reached, or that a file is broken."""

_REASONS: dict[type[Exception], str] = {
    LocalEntryNotFoundError: "the hub was not reached, and there is no copy on this machine",
    GatedRepoError: "the hub shows it only to those who accepted its terms and are logged in (`hf auth login`)",
    RepositoryNotFoundError: "the hub has no such model, or shows it only to those who are logged in",
    RevisionNotFoundError: "the hub has no such revision of it",
}
"""The first that is behind a failure, in this order: a gated model is also one that is not found."""

_PICKLES = (".bin", ".ckpt", ".pt", ".pth")


def load_pipe(source: Source, dtype: str, *, text_only: bool = False) -> Any:
    """Load a pipeline, with the scheduler that it comes with.

    Args:
        source: Where it is.
        dtype: Of its weights; a name of torch's.
        text_only: Leave everything but the first text encoder on the disk; of a single file all is read.

    Raises:
        ModelUnavailableError: If it is not there, or cannot be reached or read.
        PipelineUnknownError: If it is a pipeline of another class.
        TextEncoderMissingError: If it has no text encoder.
        WeightsUnsafeError: If its weights are pickles, which may run any program when they are read.
        CheckpointUnknownError: If it is a single file of an architecture that is not known.
    """
    for logger in (diffusers_logging, transformers_logging):
        logger.set_verbosity_error()
        logger.disable_progress_bar()
    with _told(source.place):
        file = _single(source)
        return _load_file(file, dtype) if file else _load_parts(source, dtype, text_only=text_only)


def _single(source: Source) -> Path | None:
    """Return the one file that holds a whole model, if the source is such a file or a folder with nothing else."""
    path = source.path
    if path is None:
        return None
    if not path.exists():
        raise ModelUnavailableError(source.place, "there is no such folder" if not path.suffix else "it is not there")
    if path.suffix in _PICKLES:
        raise WeightsUnsafeError(path)
    if path.is_file():
        return path
    files = list(path.glob("*.safetensors"))
    return files[0] if len(files) == 1 and not (path / "model_index.json").exists() else None


def _load_file(path: Path, dtype: str) -> Any:
    """Load a file as the programs of its authors write it, by the configuration that comes with this program."""
    config = architectures.read(architectures.recognise(path))
    kind = KINDS[config["pipeline"]]
    with TemporaryDirectory() as folder:
        architectures.write(config, Path(folder))
        parts = {**architectures.tokenizers(config), **kind.settings}
        dtypes = {"torch_dtype": getattr(torch, dtype)}
        try:
            pipe = kind.pipeline.from_single_file(str(path), config=folder, local_files_only=True, **dtypes, **parts)
        except (AttributeError, KeyError, RuntimeError, SingleFileComponentError) as error:
            # so diffusers' converters fail on a file that lacks what they look for
            raise ModelUnavailableError(str(path), f"weights are missing or misshapen: {_short(error)}") from error
    networks = [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]
    if absent := [name for part in networks for name, weight in part.named_parameters() if weight.is_meta]:
        raise ModelUnavailableError(str(path), f"it lacks {len(absent)} tensors, such as that of '{absent[0]}'")
    return pipe


def _load_parts(source: Source, dtype: str, *, text_only: bool) -> Any:
    path = source.path
    place, revision = (str(path), None) if path else (source.place, source.revision)
    where = {"revision": revision, "local_files_only": bool(path) or not _answers(place, revision)}
    index = DiffusionPipeline.load_config(place, **where)
    kind = KINDS.get(named := str(index.get("_class_name")))
    if kind is None or (source.pipeline or named) != named:
        raise PipelineUnknownError(source.place, named, [source.pipeline] if source.pipeline else list(KINDS))
    if None in (index.get("text_encoder", [None])[0], index.get("tokenizer", [None])[0]):
        raise TextEncoderMissingError(source.place)
    absent = dict.fromkeys(kind.body) if text_only else {}
    if path:
        _check_safe(path, [name for name in index if name not in {**absent, **kind.settings}])
    settings = {**kind.settings, **absent, "dtype": getattr(torch, dtype), "use_safetensors": True}
    return kind.pipeline.from_pretrained(place, **where, **settings)


def _answers(hub_id: str, revision: str | None) -> bool:
    """Say whether the hub answers about a model; if it does not, a copy on this machine will do."""
    try:
        model_info(hub_id, revision=revision)
    except (HfHubHTTPError, ValueError):  # it answers that there is no such model
        raise
    except Exception as error:
        if not isinstance(error, OSError) and not _is_foreign(error):
            raise
        return False
    return True


def _check_safe(folder: Path, parts: list[str]) -> None:
    for part in parts:
        found = {path.suffix for path in (folder / part).glob("*") if path.is_file()}
        if ".safetensors" not in found and found & set(_PICKLES):
            raise WeightsUnsafeError(folder / part)


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Turn what diffusers, transformers and the hub raise into one line; their warnings are about their own parts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        if not isinstance(error, (OSError, ValueError)) and not _is_foreign(error):
            raise
        raise ModelUnavailableError(place, _reason(error)) from error


def _is_foreign(error: Exception) -> bool:
    return type(error).__module__.startswith(_FOREIGN)


def _reason(error: Exception) -> str:
    """Return what the hub said behind a loader's message, or the message's first sentence without its asides."""
    found: BaseException | None = error
    while found is not None:
        for kind, reason in _REASONS.items():
            if isinstance(found, kind):
                return reason
        found = found.__cause__ or found.__context__
    return _short(error)


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[0].split(" (")[0].rstrip(".")
