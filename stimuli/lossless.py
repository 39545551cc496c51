"""What a file must be to be shown as it is: lossless, 8-bit, sRGB, one frame, and free of anything but pixels.

A browser obeys a colour profile, a gamma or an orientation that stands in a file, so such a file does not show its
pixels; text in a file may tell a participant what the page does not. Only the parts named here are let through.

Source:
    PNG (W3C, third edition), section 11; WebP (RFC 9649), section 2, and WebP lossless, section 3.
"""

import struct
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stimuli.errors import StimuliError

_PNG, _TRUECOLOUR = b"\x89PNG\r\n\x1a\n", 2
_PNG_PARTS = {b"IHDR", b"IDAT", b"IEND", b"sRGB"}
_COLOUR_TYPES = {0: "a grey image", 3: "a palette image", 4: "a grey image with transparency", 6: "transparency"}
_COLOUR_PARTS = {b"iCCP", b"gAMA", b"cHRM", b"cICP", b"ICCP"}
_ANIMATION_PARTS = {b"acTL", b"fcTL", b"fdAT", b"ANIM", b"ANMF"}
_OTHERS = {b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF"}

_RESAVE = "Save it again as 8-bit RGB PNG without metadata, from the original."


class UnfitError(StimuliError):
    """A file is not what is shown as it is; whoever read it knows its name."""

    def __init__(self, found: str, expected: str, remedy: str = _RESAVE) -> None:
        super().__init__(found, expected, remedy)
        self.found, self.expected, self.remedy = found, expected, remedy

    def __str__(self) -> str:
        return f"found {self.found}, expected {self.expected}. {self.remedy}"


def decode(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a file, if the file says nothing but its pixels.

    Args:
        data: The bytes of the file.

    Returns:
        RGB, shape (height, width, 3), 0..255.

    Raises:
        UnfitError: If it is of another format, lossy, not 8-bit RGB, animated, transparent, carries a colour profile
            or metadata, or cannot be decoded.
    """
    if data.startswith(_PNG):
        _check_png(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        _check_webp(data)
    else:
        raise UnfitError(_format_of(data), "PNG or lossless WebP")
    try:
        with Image.open(BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow raises for broken parts
        raise UnfitError("a file that cannot be decoded", "a whole image", "Copy or export it again.") from error


def _check_png(data: bytes) -> None:
    for name, body in _png_parts(data):
        if name == b"IHDR":
            depth, colour = body[8], body[9]
            if depth != 8:
                raise UnfitError(f"{depth} bits in each channel", "8", "Convert it to 8 bits yourself, then save it.")
            if colour != _TRUECOLOUR:
                raise UnfitError(_COLOUR_TYPES.get(colour, "an unknown colour type"), "RGB without transparency")
        _check_part(name, _PNG_PARTS)


def _check_webp(data: bytes) -> None:
    for name, body in _webp_parts(data):
        if name == b"VP8 " or name == b"ALPH":
            raise UnfitError("lossy WebP", "lossless WebP or PNG")
        if name == b"VP8L" and len(body) > 4 and body[4] >> 4 & 1:  # alpha_is_used
            raise UnfitError("transparency", "RGB without transparency")
        _check_part(name, {b"VP8L", b"VP8X"})


def _check_part(name: bytes, allowed: set[bytes]) -> None:
    word = name.decode("latin-1").strip()
    if name in _COLOUR_PARTS:
        raise UnfitError(f"a colour profile ({word})", "plain sRGB", "Convert its pixels to sRGB and drop the profile.")
    if name in _ANIMATION_PARTS:
        raise UnfitError("an animation", "one picture", "Save one frame.")
    if name == b"tRNS":
        raise UnfitError("transparency", "RGB without transparency")
    if name not in allowed:
        raise UnfitError(f"metadata ({word})", "nothing but pixels", "Save it again without metadata.")


def _png_parts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_PNG)
    while place + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        if len(body) < length or (name == b"IHDR" and length < 13):
            raise UnfitError("a file that was cut off", "a whole image", "Copy or export it again.")
        yield name, body
        place += length + 12
        if name == b"IEND":
            break
    if data[place:]:
        raise UnfitError("bytes after its end", "nothing but pixels", "Save it again without them.")


def _webp_parts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(data):
        name, length = struct.unpack("<4sI", data[place : place + 8])
        yield name, data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _format_of(data: bytes) -> str:
    if not data:
        return "an empty file"
    return next((name for start, name in _OTHERS.items() if data.startswith(start)), "another format")
