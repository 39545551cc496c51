"""Measuring in several processes, on one machine or on many, through Ray Data.

Ray Data 2.60 has checkpoints of its own. They are not used: it writes a batch in another task than the one that made
it, so a kill loses batches that were finished, only a run on Ray could go on, and it needs a file system of pyarrow's.
A worker that leaves its own part gives "exactly once" without any of this.
"""

import logging
import os
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import ray
import ray.data

from budgetfusion.errors import BudgetFusionError, WorkersUnavailableError

if TYPE_CHECKING:  # a worker imports torch when it loads its model, and not to be born
    from budgetfusion.measure import Batch, Measurer

_OBJECTS_BYTES = 256 * 2**20
"""Of shared memory for what workers and driver send each other: prompts and names, never images."""

_JOB = pa.schema([("batch", pa.int64()), ("prompt", pa.string()), ("seed", pa.int64())])
"""A row of the data set, in and out; on its way out it also has `fault`."""


@dataclass(frozen=True)
class Workers:
    """Measures batches in processes that each load the model once; a `measure.Run`.

    Ray is the one that RAY_ADDRESS names, else one of our own on this machine for as long as it is needed.

    Attributes:
        count: Processes.
        device: auto, cpu or cuda; each worker gets a GPU of its own, or, without GPUs or on cpu, a processor.
    """

    count: int
    device: str = "auto"

    def __call__(self, measurer: "Measurer", batches: "Sequence[Batch]") -> "Iterator[Batch]":
        """Yield each batch once its part is there.

        Raises:
            WorkersUnavailableError: If Ray has fewer processors, or GPUs, than there are workers.
            BudgetFusionError: The first failure of a worker.
        """
        if not batches:
            return
        with _ray(self.count):
            left = Counter({place: len(batch) for place, batch in enumerate(batches)})
            for job in self._finished(measurer, batches):
                if job["fault"] is not None:
                    raise pickle.loads(job["fault"])  # noqa: S301 - our own worker's bytes
                left[job["batch"]] -= 1
                if not left[job["batch"]]:
                    yield batches[job["batch"]]

    def _finished(self, measurer: "Measurer", batches: "Sequence[Batch]") -> Iterator[dict[str, Any]]:
        """Yield a row for each job that is done: one block of the data set is one batch."""
        blocks = [_block(place, batch) for place, batch in enumerate(batches)]
        dataset = ray.data.from_arrow(blocks).map_batches(
            Worker,
            fn_constructor_args=(measurer,),
            batch_size=measurer.slots,  # no batch is larger, and only the last is smaller: a call gets one block
            batch_format="pyarrow",
            # one batch waits behind the one that is measured, so no worker waits for the driver
            compute=ray.data.ActorPoolStrategy(size=min(self.count, len(batches)), max_tasks_in_flight_per_actor=2),
            **self._needs(),
        )
        # without prefetching, which would hold a batch back until the next is there
        tables: Iterable[Any] = dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
        for table in tables:
            yield from table.to_pylist()

    def _needs(self) -> dict[str, Any]:
        """Return what Ray reserves for each worker, or say that there is not enough for all."""
        there = ray.cluster_resources()
        on_gpu = self.device == "cuda" or (self.device == "auto" and there.get("GPU", 0) > 0)
        kind = "GPU" if on_gpu else "CPU"
        if there.get(kind, 0) < self.count:
            raise WorkersUnavailableError(self.count, int(there.get(kind, 0)), kind)
        return {"num_gpus": 1} if on_gpu else {"num_cpus": 1}


class Worker:
    """One process of the pool.

    Args:
        measurer: Loads the model at the first batch.
    """

    def __init__(self, measurer: "Measurer") -> None:
        self._measurer = measurer

    def __call__(self, jobs: pa.Table) -> pa.Table:
        """Measure the jobs of a block, which are one batch, and say of each that it is done, or the fault."""
        fault = None
        try:
            self._measurer(tuple(zip(jobs["prompt"].to_pylist(), jobs["seed"].to_pylist(), strict=True)))
        except (BudgetFusionError, OSError) as error:  # sent as a value: Ray would make a traceback of it
            fault = pickle.dumps(error)
        return jobs.append_column("fault", pa.array([fault] * len(jobs), pa.binary()))


def _block(place: int, batch: "Batch") -> pa.Table:
    rows = [{"batch": place, "prompt": prompt, "seed": seed} for prompt, seed in batch]
    return pa.Table.from_pylist(rows, schema=_JOB)


@contextmanager
def _ray(count: int) -> Iterator[None]:
    """Have Ray, quietly; what was started here is stopped here."""
    is_ours = not ray.is_initialized()
    if is_ours:
        _start(count)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield
    finally:
        if is_ours:
            ray.shutdown()


def _start(count: int) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # it calls every actor of Ray Data's an error
    if address := os.environ.get("RAY_ADDRESS"):
        ray.init(address, **quiet)
    else:
        ray.init("local", num_cpus=count, object_store_memory=_OBJECTS_BYTES, include_dashboard=False, **quiet)
