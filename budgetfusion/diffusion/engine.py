"""The slot engine: every prompt its own number of steps, at the speed of one full batch.

Images at different steps share each batch of the denoiser; one that is done leaves and the next takes its place. All
step counts are known beforehand, so the host follows the schedule without asking the device.
"""

import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any

from budgetfusion.diffusion.denoisers import own_size
from budgetfusion.diffusion.errors import EngineClosedError
from budgetfusion.diffusion.jobs import Job, Picture, Ticket
from budgetfusion.diffusion.loop import Loop
from budgetfusion.diffusion.slots import Reuse
from budgetfusion.diffusion.waiting import Waiting

SLOTS = 16
"""Beyond this a batch wins little: a CPU's caches are full, and at 768 x 768 pixels a GPU computes without a pause."""


class Engine:
    """Makes images of one pipeline, each with its own number of steps.

    `run` works in the calling thread until its images are there; `submit` hands a job to a thread of the engine's own.
    Both drive the same loop.

    Args:
        pipe: A diffusers pipeline of a kind that `denoisers` knows, with any scheduler that `samplers.schedule` takes.
        slots: Images in the largest batch.
        static: Always use the largest batch, so that an image's bits depend neither on its neighbours nor on its slot;
            else a batch shrinks with what there is to do.
        share: Compute first evaluations that several images have in common once (`sharing`).
        width: Of all images, pixels; none is the model's own.
        height: Of all images, pixels; none is the model's own.
        max_waiting: Jobs that `submit` lets wait before it holds up its caller.
        say: Told what the user should know, such as that memory ran out.
        reuse: Features of the denoiser that are computed in some rounds and used again in others, an approximation
            (`baselines.deepcache.DeepCache`); none computes everything. It cannot be combined with `share`.
        parity: On a CPU, make every bit that diffusers' loop over prompts makes inside `parity.kernels()`, about a
            third slower; for Euler alone.

    Raises:
        ValueError: If both `share` and `reuse` are given: a shared first evaluation would leave no features. Or if one
            of them is given with `parity`.
        PipelineUnsupportedError: If the denoiser needs more than its kind is given.
        SizeUnevenError: If the size is no multiple of what a latent covers.
        SchedulerUnsupportedError: If no table expresses the scheduler.
    """

    def __init__(
        self,
        pipe: Any,
        *,
        slots: int = SLOTS,
        static: bool = False,
        share: bool = False,
        width: int | None = None,
        height: int | None = None,
        max_waiting: int = 1024,
        say: Callable[[str], None] = lambda text: warnings.warn(text, stacklevel=2),
        reuse: Reuse | None = None,
        parity: bool = False,
    ) -> None:
        if parity and (share or reuse):
            raise ValueError("parity cannot be combined with share or reuse: diffusers' loop has neither")
        if share and reuse:
            raise ValueError("share and reuse cannot be combined: a shared first evaluation leaves no features")
        own = own_size(pipe)
        size = (width or own, height or own)
        self._loop = Loop(pipe, size, slots=slots, static=static, share=share, say=say, reuse=reuse, parity=parity)
        self._waiting, self._driving = Waiting(max_waiting), threading.Lock()
        self._worker: threading.Thread | None = None
        self._is_closed = False

    def run(
        self,
        prompts: Sequence[str],
        budgets: Sequence[int],
        *,
        seeds: Sequence[int] | None = None,
        guidance_scale: float = 7.5,
    ) -> list[Picture]:
        """Make one image of each prompt, with its own number of steps.

        Args:
            prompts: The texts.
            budgets: Denoising steps of each.
            seeds: Of each; none is 0 for all.
            guidance_scale: Of all; up to 1 means no guidance.

        Returns:
            The pictures, in the order of the prompts.

        Raises:
            BudgetFusionError: The first job's that failed, after all others have finished.
            ValueError: If there are not as many budgets, or seeds, as prompts.
        """
        every = zip(prompts, seeds or [0] * len(prompts), budgets, strict=True)
        futures = self.run_jobs([Job(prompt, seed, steps, guidance_scale) for prompt, seed, steps in every])
        return [future.result() for future in futures]

    def run_jobs(
        self,
        jobs: Sequence[Job],
        *,
        longest_first: bool = True,
        progress: Callable[[int], None] = lambda done: None,
    ) -> "list[Future[Picture]]":
        """Make every image of a list; one that fails fails alone.

        Args:
            jobs: Of this engine's size.
            longest_first: Begin with the most steps, which leaves the fewest slots empty at the end; else in order.
            progress: Called with the number of jobs that are done.

        Returns:
            A future for each job, in their order, all done: each holds a picture or an error.
        """
        futures: dict[int, Future[Picture]] = {}
        for place, future in self.finished(jobs, longest_first=longest_first):
            futures[place] = future
            progress(len(futures))
        return [futures[place] for place in range(len(jobs))]

    def finished(self, jobs: Sequence[Job], *, longest_first: bool = True) -> "Iterator[tuple[int, Future[Picture]]]":
        """Make every image of a list, and yield each as soon as it is there; whoever stops asking cancels the rest.

        Args:
            jobs: See `run_jobs`.
            longest_first: See `run_jobs`.

        Yields:
            A job's place in the list, and its future, which is done.
        """
        tickets, done = [Ticket(job) for job in jobs], deque[int]()
        for place, ticket in enumerate(tickets):
            ticket.future.add_done_callback(lambda _, place=place: done.append(place))  # type: ignore[misc]
        try:
            self._enqueue(tickets, longest_first=longest_first)
            left = len(tickets)
            while left:
                while done:
                    left -= 1
                    yield (place := done.popleft()), tickets[place].future
                if left:
                    self._turn(serving=False)
        finally:
            for ticket in tickets:
                ticket.future.cancel()

    def submit(self, job: Job, timeout_s: float | None = None) -> "Future[Picture]":
        """Hand over a job and return at once; cancelling its future takes it out of its slot.

        Args:
            job: Of this engine's size; if it cannot be made, its future says so.
            timeout_s: How long to wait for a place in the queue, seconds; none is forever.

        Raises:
            QueueFullError: If no place became free in time.
            EngineClosedError: If the engine takes no more.
        """
        if self._is_closed:
            raise EngineClosedError
        ticket = Ticket(job)
        if self._loop.accepts(ticket):
            self._waiting.put(ticket, timeout_s)
            self._start()
        return ticket.future

    def close(self) -> None:
        """Finish what was submitted, and take no more."""
        with self._waiting.changed:
            self._is_closed = True
            self._waiting.changed.notify_all()
        if self._worker is not None:
            self._worker.join()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def slots(self) -> int:
        """Images in the largest batch; fewer than asked for once memory ran out."""
        return self._loop.slots

    @property
    def rows_evaluated(self) -> int:
        """Rows that the denoiser was asked about so far, those of empty slots included."""
        return self._loop.rows_evaluated

    def _enqueue(self, tickets: Sequence[Ticket], *, longest_first: bool) -> None:
        accepted = [ticket for ticket in tickets if self._loop.accepts(ticket)]
        if longest_first:
            accepted.sort(key=lambda ticket: -ticket.job.num_steps)
        with self._driving:
            self._loop.expect(accepted)
            self._waiting.extend(accepted)

    def _start(self) -> None:
        with self._waiting.changed:
            if self._worker is None:
                self._worker = threading.Thread(target=self._serve, name="slot engine", daemon=True)
                self._worker.start()

    def _serve(self) -> None:
        """Drive the loop in the engine's own thread, until it is closed and nothing is left."""
        while True:
            with self._waiting.changed:
                self._waiting.changed.wait_for(lambda: self._is_closed or self._has_work)
                if not self._has_work:
                    return
            self._turn(serving=True)

    @property
    def _has_work(self) -> bool:
        return bool(self._waiting) or not self._loop.is_idle

    def _turn(self, *, serving: bool) -> None:
        with self._driving:
            self._loop.turn(self._waiting, serving=serving)
