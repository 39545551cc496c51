"""One round of the denoiser, compiled and recorded where there is a GPU."""

from collections.abc import Callable, Sequence

import torch

Round = Callable[[], None]


def prepare(function: Round, device: torch.device, state: Sequence[torch.Tensor]) -> Round:
    """Return the fastest form of a function that changes tensors in place and takes and returns nothing.

    Args:
        function: Always the same work on the same tensors.
        device: Where they lie. Only CUDA has a faster form: on a CPU compiling a small UNet costs a minute for
            each batch size and won 10 to 35 % here, with other last bits.
        state: The tensors that it changes; they are the same after this call as before.
    """
    if device.type != "cuda":
        return function
    return recorded(compiled(function), state)


def compiled(function: Round, backend: str = "inductor", mode: str | None = "max-autotune-no-cudagraphs") -> Round:
    """Compile a round as one graph of fixed shapes; a break of the graph is an error."""
    found: Round = torch.compile(function, fullgraph=True, dynamic=False, backend=backend, mode=mode)
    return found


def recorded(function: Round, state: Sequence[torch.Tensor]) -> Round:
    """Record a round as a CUDA graph, and return its replay: one launch in place of about a thousand."""
    kept = [tensor.clone() for tensor in state]
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):  # compiling, choosing kernels and filling caches must not be recorded
            function()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        function()
    for tensor, before in zip(state, kept, strict=True):
        tensor.copy_(before)
    replay: Round = graph.replay
    return replay
