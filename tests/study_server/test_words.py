"""The words of the participant's pages: every one is translated, into every language that a study may have."""

import re
import tomllib
import typing
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import study_server
from stimuli.studyfile import TextsTable
from study_server import words

PACKAGE = Path(study_server.__file__).parent
LANGUAGES = typing.get_args(TextsTable.model_fields["language"].annotation)
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None, "noted": None}
PLACE = re.compile(r"%\(\w+\)s|\{\w+\}")


def extracted():
    """Return every message that stands in the code, by how `make words` finds it."""
    mappings = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(rule["pattern"], rule["method"]) for rule in mappings]
    options = {rule["pattern"]: rule for rule in mappings}
    found = extract_from_dir(PACKAGE, methods, options, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def test_every_language_of_the_study_file_has_its_catalogue_and_no_other():
    """The study file offers what is translated, and English."""
    assert {path.stem for path in words.CATALOGUES.glob("*.po")} | {words.SOURCE} == set(LANGUAGES)


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {words.SOURCE}))
def test_no_word_is_left_untranslated_in_a_catalogue(language):
    """A catalogue holds the words of the code, each with every form that its language needs, sure, and no others."""
    catalogue = words.catalogue(language)
    messages = [message for message in catalogue if message.id]

    assert {message.id for message in messages} == extracted()
    for message in messages:
        forms = message.string if message.pluralizable else (message.string,)
        assert len(forms) == (catalogue.num_plurals if message.pluralizable else 1)
        assert all(forms), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {words.SOURCE}))
def test_a_translation_fills_in_what_the_original_does(language):
    """No placeholder is lost or invented; a plural form of one or two may say its number in words."""
    for message in words.catalogue(language):
        if not message.id:
            continue
        if message.pluralizable:
            assert set().union(*(PLACE.findall(form) for form in message.string)) <= set(PLACE.findall(message.id[1]))
        else:
            assert sorted(PLACE.findall(message.string)) == sorted(PLACE.findall(message.id)), message.id


def test_arabic_runs_from_right_to_left():
    """Of the languages only Arabic does."""
    assert {language: words.direction(language) for language in LANGUAGES} == {"ar": "rtl", "de": "ltr", "en": "ltr"}


def test_the_programs_of_a_page_get_their_own_words_alone():
    """What a program says comes with the page; what only templates say does not."""
    said = words.of_programs("de")

    assert said["saving …"] == "speichert …"
    assert "I agree" not in said
    assert words.of_programs("en") == {}
