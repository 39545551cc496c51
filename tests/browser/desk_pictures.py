"""The pictures of the desk: each page of the journey of `desk_journey`, 1440 by 900."""

import tempfile
from pathlib import Path

from tests.browser import desk_journey
from tests.browser.pictures import Stage


def take(stage: Stage) -> None:
    """Go through the journey and keep each page."""
    context = stage.browser.new_context(viewport=desk_journey.SIZE, accept_downloads=True)
    page = context.new_page()
    with (
        tempfile.TemporaryDirectory() as root,
        desk_journey.desk_of(Path(root), page, lambda name: stage.keep(page, name)) as desk,
    ):
        desk_journey.go_through(desk)
    context.close()
