"""The state of the denoising, driven by hand."""

from typing import Any

import torch

from budgetfusion.diffusion.jobs import Job, Ticket
from budgetfusion.diffusion.rounds import compiled
from budgetfusion.diffusion.samplers import schedule
from budgetfusion.diffusion.slots import Slots


def slots_of(pipe: Any, **options: Any) -> Slots:
    """Return two slots for images with guidance, on the device of the pipeline."""
    settings = {"buckets": [1, 2], "max_steps": 20, "is_stochastic": False} | options
    return Slots(
        pipe.unet,
        shape=(4, 8, 8),
        context=(pipe.tokenizer.model_max_length, 16),
        rows=2,
        device=pipe.unet.device,
        dtype=pipe.unet.dtype,
        **settings,
    )


def admit(slots: Slots, pipe: Any, num_steps: int, seed: int = 0) -> Ticket:
    """Put an image into the next slot."""
    ticket = Ticket(Job("x", seed, num_steps), schedule=schedule(pipe.scheduler, num_steps), remaining=num_steps)
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(4, 8, 8, generator=generator)
    context = torch.randn(2, pipe.tokenizer.model_max_length, 16, generator=generator)
    slots.admit(ticket, latents, context)
    return ticket


@torch.inference_mode()
def walk(slots: Slots, pipe: Any) -> dict[Ticket, torch.Tensor]:
    """Run three images through two slots, the third as soon as there is a place."""
    waiting, done = [(3, 0), (5, 1), (2, 2)], {}
    while waiting or slots.tickets:
        while waiting and slots.has_place:
            admit(slots, pipe, *waiting.pop(0))
        done |= dict(slots.round())
    return done


def test_the_loop_reads_nothing_back(build: Any) -> None:
    """On torch's meta device there is nothing to read and any attempt raises; the schedule is followed all the same."""
    pipe = build()
    pipe.unet.to("meta")

    done = walk(slots_of(pipe, is_stochastic=False), pipe)

    assert [ticket.job.num_steps for ticket in done] == [3, 5, 2]
    assert all(latents.is_meta for latents in done.values())


def test_noise_is_sent_and_never_fetched(build: Any) -> None:
    """A stochastic sampler draws on the host, from each image's own generator."""
    pipe = build()
    pipe.unet.to("meta")
    slots = slots_of(pipe, is_stochastic=True)
    with torch.inference_mode():
        admit(slots, pipe, 2).rng = torch.Generator().manual_seed(0)

        assert (len(slots.round()), len(slots.round())) == (0, 1)


def test_a_round_is_one_graph(pipe: Any) -> None:
    """The round compiles without a break, as a CUDA graph needs, and computes the same."""
    pipe = pipe.to("cpu")

    def eager(function: Any, device: Any, state: Any) -> Any:
        return compiled(function, backend="eager", mode=None)

    plain, traced = walk(slots_of(pipe), pipe), walk(slots_of(pipe, prepare_round=eager), pipe)

    for a, b in zip(plain.values(), traced.values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_a_cancelled_image_frees_its_slot_at_the_next_round(pipe: Any) -> None:
    """Its neighbour moves into its place and goes on."""
    slots = slots_of(pipe)
    with torch.inference_mode():
        first, second = admit(slots, pipe, 4, 0), admit(slots, pipe, 4, 1)
        slots.round()
        first.future.cancel()
        slots.round()

        assert slots.tickets == [second]
        assert slots.rows_evaluated == 2 * 2 + 2
