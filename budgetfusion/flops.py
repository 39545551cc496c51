"""What a Stable-Diffusion-like network costs, in closed form from its configuration: a check of the counter.

Every product of a weight or of two activations counts two operations for a multiply-add; norms, activations, biases and
softmax are left out, as `torch.utils.flop_counter` leaves them out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Flops:
    """Operations by what they are spent on; `attention` is the two products of queries, keys and values."""

    convolution: int = 0
    linear: int = 0
    attention: int = 0

    def __add__(self, other: "Flops") -> "Flops":
        return Flops(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def total(self) -> int:
        """All of them."""
        return self.convolution + self.linear + self.attention


def unet_flops(config: Config, height: int, width: int, tokens: int) -> Flops:
    """Return the operations of one row of a `UNet2DConditionModel`.

    Args:
        config: Of the UNet, as diffusers writes it; text conditioning by cross-attention.
        height: Of the latents.
        width: Of the latents.
        tokens: Of the text.
    """
    channels, layers = config["block_out_channels"], config["layers_per_block"]
    down, up = config["down_block_types"], config["up_block_types"]
    depths = _per_block(config.get("transformer_layers_per_block", 1), len(channels))
    sizes = [(height >> level, width >> level) for level in range(len(channels))]
    parts = [_embeddings(config, tokens), _conv(3, config["in_channels"], channels[0], sizes[0])]
    skips, current = [channels[0]], channels[0]
    for level, out in enumerate(channels):
        for _ in range(layers):
            parts.append(_resnet(current, out, sizes[level], config))
            parts += _texts("CrossAttn" in down[level], out, depths[level], sizes[level], tokens, config)
            current = out
            skips.append(out)
        if level < len(channels) - 1:
            parts.append(_conv(3, out, out, sizes[level + 1]))
            skips.append(out)
    parts += [_resnet(current, current, sizes[-1], config)] * 2
    parts += _texts(True, current, depths[-1], sizes[-1], tokens, config)
    for block, level in enumerate(reversed(range(len(channels)))):
        out = channels[level]
        for _ in range(layers + 1):
            parts.append(_resnet(current + skips.pop(), out, sizes[level], config))
            parts += _texts("CrossAttn" in up[block], out, depths[level], sizes[level], tokens, config)
            current = out
        if level > 0:
            parts.append(_conv(3, out, out, sizes[level - 1]))
    return sum([*parts, _conv(3, channels[0], config["out_channels"], sizes[0])], Flops())


def decoder_flops(config: Config, height: int, width: int) -> Flops:
    """Return the operations of decoding one image's latents with an `AutoencoderKL`.

    Args:
        config: Of the autoencoder, as diffusers writes it.
        height: Of the latents.
        width: Of the latents.
    """
    channels, latent = config["block_out_channels"], config["latent_channels"]
    size, current = (height, width), channels[-1]
    tokens = height * width
    parts = [_conv(1, latent, latent, size), _conv(3, latent, current, size)]
    parts += [_resnet(current, current, size, None)] * 2
    parts += [_linear(tokens, current, 4 * current), _attention(tokens, tokens, current)]
    for level in reversed(range(len(channels))):
        for _ in range(config["layers_per_block"] + 1):
            parts.append(_resnet(current, channels[level], size, None))
            current = channels[level]
        if level > 0:
            size = (2 * size[0], 2 * size[1])
            parts.append(_conv(3, current, current, size))
    return sum([*parts, _conv(3, current, config["out_channels"], size)], Flops())


def _per_block(depth: int | Sequence[int], blocks: int) -> Sequence[int]:
    return [depth] * blocks if isinstance(depth, int) else depth


def _embeddings(config: Config, tokens: int) -> Flops:
    """Two layers for the timestep; more for pooled text and image size (SDXL), or for a pooled caption (`scenes`)."""
    first = config["block_out_channels"][0]
    found = _linear(1, first, 4 * first) + _linear(1, 4 * first, 4 * first)
    if config.get("addition_embed_type") == "text_time":
        found += _linear(1, config["projection_class_embeddings_input_dim"], 4 * first)
        found += _linear(1, 4 * first, 4 * first)
    if config.get("addition_embed_type") == "text":  # one more token, the mean of all, asks the others
        width = config.get("encoder_hid_dim") or config["cross_attention_dim"]
        found += _linear(1, width, width) + _linear(tokens + 1, width, 2 * width)
        found += _attention(1, tokens + 1, width) + _linear(1, width, 4 * first)
    return found


def _resnet(inputs: int, outputs: int, size: tuple[int, int], config: Config | None) -> Flops:
    """Two convolutions, a shortcut where the channels change, and in a UNet the timestep's projection."""
    found = _conv(3, inputs, outputs, size) + _conv(3, outputs, outputs, size)
    if inputs != outputs:
        found += _conv(1, inputs, outputs, size)
    if config is not None:
        wide = 2 if config.get("resnet_time_scale_shift") == "scale_shift" else 1
        found += _linear(1, 4 * config["block_out_channels"][0], wide * outputs)
    return found


def _texts(
    is_there: bool, channels: int, depth: int, size: tuple[int, int], tokens: int, config: Config
) -> Iterator[Flops]:
    """Yield a transformer: projections in and out, and `depth` blocks of self-attention, cross-attention and GEGLU."""
    if not is_there:
        return
    positions = size[0] * size[1]
    project = _linear if config.get("use_linear_projection") else _pointwise
    yield project(positions, channels, 2 * channels)
    for _ in range(depth):
        yield _linear(positions, channels, 4 * channels) + _attention(positions, positions, channels)
        yield _linear(positions, channels, 2 * channels) + _attention(positions, tokens, channels)
        yield _linear(tokens, config["cross_attention_dim"], 2 * channels)
        yield _linear(positions, channels, 8 * channels) + _linear(positions, 4 * channels, channels)


def _conv(kernel: int, inputs: int, outputs: int, size: tuple[int, int]) -> Flops:
    return Flops(convolution=2 * kernel**2 * inputs * outputs * size[0] * size[1])


def _pointwise(positions: int, inputs: int, outputs: int) -> Flops:
    return Flops(convolution=2 * positions * inputs * outputs)


def _linear(positions: int, inputs: int, outputs: int) -> Flops:
    return Flops(linear=2 * positions * inputs * outputs)


def _attention(queries: int, keys: int, channels: int) -> Flops:
    return Flops(attention=4 * queries * keys * channels)
