"""Images of one length, in a real browser: it decodes them, and finds the study's own pixels."""

import pytest

from stimuli.manifest import read_manifest
from stimuli.store import Store
from study_server import studies

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("image_format", ["png", "webp"])
def test_padded_images_are_shown_and_all_have_one_length(
    page, url, database, tiny, stimuli_folder, tmp_path, image_format
):
    """A trial is on the screen only after the hash of each image's pixels was right; their files are equally long."""
    manifest = read_manifest(stimuli_folder).model_copy(update={"study": "padded", "image_format": image_format})
    known, store = Store(stimuli_folder), Store(tmp_path, image_format)
    for stimulus in manifest.stimuli():
        store.save(known.load(stimulus.sha256))
    study = tiny.study_file(pad_images=True)
    study = study.model_copy(update={"study": study.study.model_copy(update={"name": "padded"})})
    with database.writing() as db:
        studies.create(db, study, manifest, tmp_path)
    lengths = []
    page.on("response", lambda r: lengths.append(r.headers["content-length"]) if "/i/" in r.url else None)

    page.goto(f"{url}/s/padded")
    for name in ("Start", "I agree", "Continue"):
        page.get_by_role("button", name=name).click()
    page.get_by_role("link", name="Begin").click()
    page.wait_for_selector("#stage[data-trial]")

    assert len(lengths) >= 3
    assert len(set(lengths)) == 1
