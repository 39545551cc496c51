"""A file is shown as it is, or refused with what was found in it."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from stimuli.lossless import UnfitError, decode
from stimuli.manifest import ImageFormat
from stimuli.store import encode


@pytest.fixture
def pixels(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A noise image that is wider than high."""
    return rng.integers(0, 256, size=(6, 9, 3), dtype=np.uint8)


def file_of(image: Image.Image, **options: Any) -> bytes:
    """Return the bytes of a saved image."""
    data = BytesIO()
    image.save(data, **options)
    return data.getvalue()


def part(name: bytes, body: bytes) -> bytes:
    """Return a part of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_part(data: bytes, name: bytes, body: bytes) -> bytes:
    """Return a PNG with one more part, just after its header."""
    return data[:33] + part(name, body) + data[33:]


@pytest.mark.parametrize("image_format", ["png", "webp"])
def test_what_the_store_writes_is_fit(pixels: NDArray[np.uint8], image_format: ImageFormat) -> None:
    """Both formats keep every bit."""
    np.testing.assert_array_equal(decode(encode(pixels, image_format)), pixels)


def test_a_png_that_says_srgb_is_fit(pixels: NDArray[np.uint8]) -> None:
    """It says what everybody assumes."""
    np.testing.assert_array_equal(decode(with_part(encode(pixels, "png"), b"sRGB", b"\0")), pixels)


def test_an_interlaced_png_is_fit(pixels: NDArray[np.uint8]) -> None:
    """Its pixels are the same; the store writes them without."""
    body = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 1)  # Adam7
    data = b"\x89PNG\r\n\x1a\n" + part(b"IHDR", body) + part(b"IDAT", zlib.compress(b"\0\1\2\3")) + part(b"IEND", b"")

    assert decode(data).tolist() == [[[1, 2, 3]]]


FAULTS: list[tuple[str, str]] = [
    ("jpeg", "found JPEG, expected PNG or lossless WebP"),
    ("gif", "found GIF"),
    ("bmp", "found BMP"),
    ("tiff", "found TIFF"),
    ("text", "found another format"),
    ("empty", "found an empty file"),
    ("lossy webp", "found lossy WebP, expected lossless WebP or PNG"),
    ("lossy webp with alpha", "found (lossy WebP|metadata)"),
    ("lossless webp with alpha", "found transparency, expected RGB without transparency"),
    ("webp with profile", r"found a colour profile \(ICCP\), expected plain sRGB"),
    ("webp with exif", r"found metadata \(EXIF\), expected nothing but pixels"),
    ("animated webp", "found an animation, expected one picture"),
    ("16 bits", "found 16 bits in each channel, expected 8"),
    ("1 bit", "found 1 bits in each channel, expected 8"),
    ("grey", "found a grey image, expected RGB without transparency"),
    ("palette", "found a palette image"),
    ("alpha", "found transparency"),
    ("transparent colour", "found transparency"),
    ("profile", r"found a colour profile \(iCCP\), expected plain sRGB\. Convert its pixels to sRGB"),
    ("gamma", r"found a colour profile \(gAMA\)"),
    ("text chunk", r"found metadata \(tEXt\), expected nothing but pixels\. Save it again without metadata"),
    ("exif", r"found metadata \(eXIf\)"),
    ("animated png", "found an animation"),
    ("half", "found a file that was cut off, expected a whole image"),
    ("bytes after", "found bytes after its end"),
    ("broken pixels", "found a file that cannot be decoded"),
]


@pytest.mark.parametrize(("kind", "message"), FAULTS, ids=[kind for kind, _ in FAULTS])
def test_an_unfit_file_is_refused(pixels: NDArray[np.uint8], kind: str, message: str) -> None:
    """Each way of not being shown as it is has its own words."""
    with pytest.raises(UnfitError, match=message):
        decode(faulty(kind, pixels))


def faulty(kind: str, pixels: NDArray[np.uint8]) -> bytes:
    """Return a file with one fault."""
    image, png = Image.fromarray(pixels), encode(pixels, "png")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    words = PngImagePlugin.PngInfo()
    words.add_text("prompt", "a red ball")
    wide = part(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)) + part(b"IDAT", zlib.compress(bytes(7)))
    return {
        "jpeg": lambda: file_of(image, format="JPEG"),
        "gif": lambda: file_of(image, format="GIF"),
        "bmp": lambda: file_of(image, format="BMP"),
        "tiff": lambda: file_of(image, format="TIFF"),
        "text": lambda: b"not an image",
        "empty": lambda: b"",
        "lossy webp": lambda: file_of(image, format="WEBP", quality=90),
        "lossy webp with alpha": lambda: file_of(_clear(image), format="WEBP", quality=90),
        "lossless webp with alpha": lambda: file_of(_clear(image), format="WEBP", lossless=True),
        "webp with profile": lambda: file_of(image, format="WEBP", lossless=True, icc_profile=profile),
        "webp with exif": lambda: file_of(image, format="WEBP", lossless=True, exif=_exif()),
        "animated webp": lambda: file_of(image, format="WEBP", lossless=True, save_all=True, append_images=[_other()]),
        "16 bits": lambda: png[:8] + wide + part(b"IEND", b""),
        "1 bit": lambda: file_of(image.convert("1"), format="PNG"),
        "grey": lambda: file_of(image.convert("L"), format="PNG"),
        "palette": lambda: file_of(image.convert("P"), format="PNG", bits=8),
        "alpha": lambda: file_of(_clear(image), format="PNG"),
        "transparent colour": lambda: file_of(image, format="PNG", transparency=(0, 0, 0)),
        "profile": lambda: file_of(image, format="PNG", icc_profile=profile),
        "gamma": lambda: with_part(png, b"gAMA", struct.pack(">I", 100000)),
        "text chunk": lambda: file_of(image, format="PNG", pnginfo=words),
        "exif": lambda: file_of(image, format="PNG", exif=_exif()),
        "animated png": lambda: file_of(image, format="PNG", save_all=True, append_images=[_other()]),
        "half": lambda: png[: len(png) // 2],
        "bytes after": lambda: png + b"\0",
        "broken pixels": lambda: png[:33] + part(b"IDAT", b"nonsense") + part(b"IEND", b""),
    }[kind]()


def _clear(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    image.putpixel((0, 0), (1, 2, 3, 4))
    return image


def _other() -> Image.Image:
    return Image.new("RGB", (9, 6), (9, 9, 9))


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "made with OURS"
    return exif
