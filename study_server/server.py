"""What the views share: settings, the database and the studies that were read from it."""

import re
from typing import cast

from flask import current_app
from markdown_it import MarkdownIt
from markupsafe import Markup

from study_server.db import Database
from study_server.errors import UnknownStudyError
from study_server.health import Watch
from study_server.images import Images
from study_server.order import Order
from study_server.plans import Plans
from study_server.settings import Settings
from study_server.studies import Material, read_material

STUDY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}(\.[0-9]{1,3})?")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


class Server:
    """Settings, database and frozen studies of one running program."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.plans = Plans()
        self.order = Order(self.plans)
        self.images = Images(settings.images_url, settings.images_offload)
        self.watch = Watch(settings, database)
        self._materials: dict[str, Material] = {}

    def material(self, name: str) -> Material:
        """Return a study; it is frozen, so it is read once.

        Raises:
            UnknownStudyError: If there is none of this name.
        """
        if name not in self._materials:
            if not STUDY_NAME.fullmatch(name):
                raise UnknownStudyError(name, ())
            with self.database.reading() as db:
                self._materials[name] = read_material(db, name)
        return self._materials[name]


def current_server() -> Server:
    """Return the server of the request being handled."""
    return cast(Server, current_app.extensions["budgetfusion"])


def markdown(text: str, level: int = 1) -> Markup:
    """Return Markdown as HTML; HTML inside it is shown as text and does nothing.

    Args:
        text: CommonMark with tables.
        level: Of its highest heading, 1 to 4; below a page's own heading it is 2.
    """
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + level - 1)}"
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(rendered)  # noqa: S704 - html=False escapes what an author wrote
