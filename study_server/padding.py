"""Files of images made equally long: the length of a file tells much about its picture, and here it tells nothing.

The filler stands in a chunk of our own that every decoder passes over, so that the file stays valid and its pixels stay
the same. It looks random, so that nobody on the way can compress it away.
"""

import hashlib
import struct
import zlib

from stimuli.manifest import ImageFormat

OVERHEAD = {"png": 12, "webp": 8}
"""What a chunk without contents adds, bytes."""

_PNG_END = 12
_PNG_CHUNK = b"paDd"  # ancillary, private, safe to copy (PNG, section 5.4)
_WEBP_CHUNK = b"PADD"


def padded(data: bytes, longest: int, image_format: ImageFormat) -> bytes:
    """Return the file of an image, as long as the longest one of its study becomes.

    Args:
        data: A PNG or WebP file.
        longest: Of all the files, bytes.
        image_format: Which of the two it is.

    Returns:
        The same image in `longest + OVERHEAD[image_format]` bytes.

    Raises:
        ValueError: If the file is longer than `longest`.
    """
    if len(data) > longest:
        raise ValueError(f"a file of {len(data)} bytes, expected at most {longest}")
    filler = hashlib.shake_256(data).digest(longest - len(data))
    return _in_png(data, filler) if image_format == "png" else _in_webp(data, filler)


def _in_png(data: bytes, filler: bytes) -> bytes:
    """Put the filler before the last chunk, which says that the file ends."""
    body = _PNG_CHUNK + filler
    chunk = struct.pack(">I", len(filler)) + body + struct.pack(">I", zlib.crc32(body))
    return data[:-_PNG_END] + chunk + data[-_PNG_END:]


def _in_webp(data: bytes, filler: bytes) -> bytes:
    """Put the filler behind the picture, inside the RIFF container, whose length grows; both lengths are even."""
    chunk = _WEBP_CHUNK + struct.pack("<I", len(filler)) + filler
    return data[:4] + struct.pack("<I", len(data) + len(chunk) - 8) + data[8:] + chunk
