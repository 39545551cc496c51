"""Where the bytes of an image come from, and who sends them: this program, the proxy in front, or an object store."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import fsspec
from flask import Response, send_file

from stimuli.manifest import IMAGES_FOLDER, image_path
from study_server.padding import padded
from study_server.studies import Material

CACHING = "private, max-age=3600, immutable"


class Images:
    """The way to the images of every study.

    Args:
        url: Where fsspec finds `<study>/images/<sha256>.png` (or .webp), e.g. s3://bucket/studies; none: each study's
            own folder.
        offload: `x-accel-redirect:/prefix` (nginx) or `x-sendfile` (Apache, Caddy's file server by an intercept): the
            proxy sends the file that a header names; none: this program does.
    """

    def __init__(self, url: str | None, offload: str | None) -> None:
        self._store = fsspec.core.url_to_fs(url) if url else None
        self._kind, _, self._prefix = (offload or "").partition(":")
        self._longest: dict[str, int] = {}

    def send(self, material: Material, sha256: str) -> Response:
        """Return an image exactly as it is stored, with no header that tells one image from another.

        Where the study wants it, the file is made as long as every other one, by this program whatever the proxy could.
        """
        path = image_path(material.folder, sha256, material.manifest.image_format)
        mimetype = f"image/{material.manifest.image_format}"
        if material.study.design.pad_images:
            data = padded(self._read(material, path), self._longest_of(material), material.manifest.image_format)
            response = Response(data, mimetype=mimetype)
        elif self._store is not None:
            response = Response(self._from_store(material, path), mimetype=mimetype)
        elif self._kind:
            response = self._by_proxy(path, material, mimetype)
        else:
            response = send_file(path, mimetype=mimetype, etag=False, conditional=False)
        for header in ("Last-Modified", "ETag", "Content-Disposition"):
            response.headers.pop(header, None)
        response.headers["Cache-Control"] = CACHING
        return response

    def _read(self, material: Material, path: Path) -> bytes:
        return path.read_bytes() if self._store is None else self._from_store(material, path)

    def _longest_of(self, material: Material) -> int:
        """Return the length of a study's longest file, bytes; they never change, so they are looked at once."""
        if material.name not in self._longest:
            kind = material.manifest.image_format
            names = {image_path(material.folder, each.sha256, kind).name for each in material.manifest.stimuli()}
            self._longest[material.name] = max(size for name, size in self._sizes(material) if name in names)
        return self._longest[material.name]

    def _sizes(self, material: Material) -> Iterator[tuple[str, int]]:
        """Yield the name and the length of every file in a study's folder of images."""
        if self._store is None:
            yield from ((entry.name, entry.stat().st_size) for entry in os.scandir(material.folder / IMAGES_FOLDER))
            return
        system, root = self._store
        for found in system.find(f"{root}/{material.name}/{IMAGES_FOLDER}", detail=True).values():
            yield PurePosixPath(found["name"]).name, int(found["size"])

    def _from_store(self, material: Material, path: Path) -> bytes:
        assert self._store is not None  # noqa: S101 - the caller looked
        system, root = self._store
        return bytes(system.cat_file(f"{root}/{material.series}/{path.parent.name}/{path.name}"))

    def _by_proxy(self, path: Path, material: Material, mimetype: str) -> Response:
        response = Response(mimetype=mimetype)
        if self._kind == "x-sendfile":
            response.headers["X-Sendfile"] = str(path)
        else:
            response.headers["X-Accel-Redirect"] = f"{self._prefix}/{material.series}/{path.parent.name}/{path.name}"
        return response
