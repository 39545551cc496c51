"""The pages' own words in the language of a study: gettext, from catalogues that are compiled when first needed."""

import gettext
import io
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import request

from study_server.errors import StudyServerError
from study_server.server import current_server

SOURCE = "en"
CATALOGUES = Path(__file__).parent / "locale"


def noted(message: str) -> str:
    """Return a message as it is, and mark it for translation: `_` translates it where it is shown."""
    return message


def translations(language: str) -> gettext.NullTranslations:
    """Return what translates the words of the pages; English ones stand in the code.

    Raises:
        FileNotFoundError: If there is no catalogue of this language.
    """
    return gettext.NullTranslations() if language == SOURCE else _compiled(language)


def of_programs(language: str) -> dict[str, str]:
    """Return the words that the programs of the pages say, by the English ones; none for English."""
    if language == SOURCE:
        return {}
    found = (message for message in catalogue(language) if any(path.endswith(".js") for path, _ in message.locations))
    return {str(message.id): str(message.string) for message in found}


@cache
def catalogue(language: str) -> Catalog:
    """Return the catalogue of a language."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def path_of(language: str) -> Path:
    """Return where the catalogue of a language lies."""
    return CATALOGUES / f"{language}.po"


@cache
def direction(language: str) -> str:
    """Return how a language runs: 'ltr' or 'rtl'."""
    return str(Locale.parse(language).text_direction)


def language() -> str:
    """Return the language of the study that the request is about; of other pages English."""
    parts = request.path.split("/")
    if len(parts) < 3 or parts[1] != "s":
        return SOURCE
    try:
        return current_server().material(parts[2]).study.texts.language
    except StudyServerError:
        return SOURCE


def _(message: str) -> str:
    """Return a message in the language of the request's study."""
    return translations(language()).gettext(message)


def of_many(singular: str, plural: str, count: int) -> str:
    """Return the form of a message that suits a number, in the language of the request's study."""
    return translations(language()).ngettext(singular, plural, count)


@cache
def _compiled(language: str) -> gettext.GNUTranslations:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
