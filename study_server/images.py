"""Where the bytes of an image come from, and who sends them: this program, the proxy in front, or an object store."""

from pathlib import Path

import fsspec
from flask import Response, send_file

from stimuli.manifest import image_path
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

    def send(self, material: Material, sha256: str) -> Response:
        """Return an image exactly as it is stored, with no header that tells one image from another."""
        path = image_path(material.folder, sha256, material.manifest.image_format)
        mimetype = f"image/{material.manifest.image_format}"
        if self._store is not None:
            response = Response(self._from_store(material, path), mimetype=mimetype)
        elif self._kind:
            response = self._by_proxy(path, material, mimetype)
        else:
            response = send_file(path, mimetype=mimetype, etag=False, conditional=False)
        for header in ("Last-Modified", "ETag", "Content-Disposition"):
            response.headers.pop(header, None)
        response.headers["Cache-Control"] = CACHING
        return response

    def _from_store(self, material: Material, path: Path) -> bytes:
        assert self._store is not None  # noqa: S101 - the caller looked
        system, root = self._store
        return bytes(system.cat_file(f"{root}/{material.name}/{path.parent.name}/{path.name}"))

    def _by_proxy(self, path: Path, material: Material, mimetype: str) -> Response:
        response = Response(mimetype=mimetype)
        if self._kind == "x-sendfile":
            response.headers["X-Sendfile"] = str(path)
        else:
            response.headers["X-Accel-Redirect"] = f"{self._prefix}/{material.name}/{path.parent.name}/{path.name}"
        return response
