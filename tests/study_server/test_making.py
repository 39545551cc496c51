"""Making a study at the desk: every fault by file, key and reason; nothing half-done; nothing outside the folder."""

import re
import shutil

import pytest
from sqlalchemy import func, select

from stimuli.manifest import image_path, read_manifest, write_manifest
from stimuli.studyfile import read_study_file, template
from study_server import accounts, intake, states, studies
from study_server.app import create_app
from study_server.errors import UnknownStudyError
from study_server.models import Study
from study_server.settings import Settings
from study_server.tokens import sign_desk_key

SIGNING = "signs in the tests only"
PASSWORD = "open sesame twice"  # noqa: S105 - of the tests only
PROLIFIC = """
[prolific]
name = "Compare pictures"
description = "<p>Compare pictures.</p>"
minutes = 10
reward = 1.20
currency = "GBP"
"""


@pytest.fixture
def root(tmp_path, stimuli_folder):
    """A folder with a valid study file and its images."""
    folder = tmp_path / "studies"
    shutil.copytree(stimuli_folder, folder / "made" / "stimuli")
    text = re.sub(r'name = "my-study"', 'name = "made"', template())
    text = re.sub(r"main_trials = \d+", "main_trials = 4", text) + PROLIFIC
    (folder / "made" / "study.toml").write_text(text, encoding="utf-8")
    (folder / "made" / "prompts.txt").write_text("a wall\na red ball\n", encoding="utf-8")
    digest = read_study_file(folder / "made" / "study.toml").stimuli_digest
    old = read_manifest(folder / "made" / "stimuli")
    write_manifest(
        folder / "made" / "stimuli", old.model_copy(update={"study": "made", "digests": {"stimuli": digest}})
    )
    return folder


@pytest.fixture
def app_of(database, root):
    """The app of an empty database with a folder of studies and an account of each role."""
    for role in ("viewer", "experimenter"):
        database.write(lambda db, role=role: accounts.add(db, role, role, PASSWORD, has_totp=False))
    made = create_app(Settings(SIGNING, database.url, studies=root))
    yield made
    made.extensions["budgetfusion"].database.close()


def enter(app, name):
    """Log in and return the browser."""
    client = app.test_client()
    token = token_of(client.get("/desk/login"))
    client.post("/desk/login", data={"form_token": token, "name": name, "password": PASSWORD})
    return client


def token_of(response):
    """Return the token of a page's form."""
    return re.search(r'name="form_token" value="([^"]+)"', response.text).group(1)


def create(client, file="made/study.toml", folder="made/stimuli", **fields):
    """Press Create."""
    token = token_of(client.get("/desk"))
    return client.post("/desk/_create", data={"form_token": token, "file": file, "folder": folder, **fields})


def check(root):
    """Return what the check finds."""
    return intake.check(root / "made" / "study.toml", root / "made" / "stimuli", root)


def faults(root):
    """Return file, key and reason of each fault."""
    return [(fault.file, fault.key, fault.reason) for fault in check(root).faults]


def count(database):
    """Return how many studies are stored."""
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(Study))


def test_a_study_is_made_frozen_and_shut(app_of, database):
    """Create stores the study with its [prolific]; nobody is let in until somebody publishes it."""
    client = enter(app_of, "experimenter")

    assert create(client).location == "/desk/made"
    with database.reading() as db:
        material = studies.read_material(db, "made")
        assert states.state_of(db, material) == ("paused", states.UNPUBLISHED)
    assert "£1.20" in client.get("/desk/made/prolific").text
    assert ">Publish</button>" in client.get("/desk/made").text


def test_policy_speaks_before_anything_is_stored(app_of, database):
    """The check names low pay and too few instruction checks; it stores nothing."""
    page = enter(app_of, "experimenter").get("/desk/_create?file=made/study.toml&folder=made/stimuli").text

    assert "below the recommended £9.00" in page
    assert "over 5 min with fewer than two instruction checks: rejections for inattention will be blocked" in page
    assert count(database) == 0


def test_every_fault_is_named_with_its_key(root):
    """Two wrong keys, one unknown, one of [prolific]: four faults at once, each with its file."""
    path = root / "made" / "study.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("blank_ms = 500", "blank_ms = -1\nblanks = 2").replace('name = "made"', 'name = "Made!"')
    path.write_text(text, encoding="utf-8")
    found = faults(root)

    assert {(file, key) for file, key, _ in found} == {
        ("made/study.toml", key) for key in ("study.name", "design.blank_ms", "design.blanks")
    }
    assert ("found -1: Input should be greater than or equal to 0") in {reason for _, _, reason in found}


def test_a_fault_of_prolific_is_named(root):
    """[prolific] is read by its owner, and its faults stand beside the others."""
    path = root / "made" / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("reward = 1.20", "reward = 0"), encoding="utf-8")

    assert [(file, key) for file, key, _ in faults(root)] == [("made/study.toml", "prolific.reward")]


def test_missing_and_changed_images_are_each_named(root):
    """One image gone and one overwritten: two faults that name the files."""
    manifest = read_manifest(root / "made" / "stimuli")
    gone, changed, other = (
        image_path(root / "made" / "stimuli", each.sha256) for each in (manifest.stimuli()[i] for i in (0, 1, 2))
    )
    gone.unlink()
    shutil.copy(other, changed)
    found = faults(root)

    assert {file for file, _, _ in found} == {str(path.relative_to(root)) for path in (gone, changed)}
    assert check(root).num_images == len(manifest.stimuli()) - 2


def test_nothing_half_done_is_left_by_a_refusal(app_of, database, root):
    """With a fault Create answers 422, shows it, and stores nothing."""
    (root / "made" / "stimuli" / "manifest.json").write_text("{}", encoding="utf-8")
    answered = create(enter(app_of, "experimenter"))

    assert answered.status_code == 422
    assert "manifest.json" in answered.text
    assert count(database) == 0


def test_a_study_that_was_edited_after_it_was_made_is_refused(app_of, root):
    """The same name with another design: one line that says what changed and what to do."""
    client, path = enter(app_of, "experimenter"), root / "made" / "study.toml"
    create(client)
    path.write_text(path.read_text(encoding="utf-8").replace("blank_ms = 500", "blank_ms = 400"), encoding="utf-8")
    answered = create(client)

    assert answered.status_code == 409
    assert "frozen, with other contents: design or texts" in answered.text


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [("blank_ms = 500", "blank_ms = 400", "design or texts"), ("max_run = 15", "max_run = 9", "quality")],
)
def test_a_changed_study_becomes_the_next_version_if_that_is_wanted(app_of, database, root, old, new, what):
    """The refusal names what changed and offers the next version, which has an address of its own and is shut too."""
    client, path = enter(app_of, "experimenter"), root / "made" / "study.toml"
    create(client)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    refused = create(client)

    assert what in refused.text
    assert "Create the next version" in refused.text
    assert create(client, next_version="yes").location == "/desk/made.2"
    assert "not published" in client.get("/desk/made.2").text
    assert count(database) == 2


@pytest.mark.parametrize("file", ["../outside.toml", "/etc/passwd", "made/prompts.txt", ""])
def test_only_files_of_the_list_are_read(app_of, root, file):
    """A path that is not in the list is no choice, wherever it leads."""
    (root.parent / "outside.toml").write_text(PROLIFIC, encoding="utf-8")

    assert create(enter(app_of, "experimenter"), file=file).status_code == 400


def test_a_viewer_makes_nothing(app_of):
    """Making is for experimenters."""
    client = enter(app_of, "viewer")

    assert client.get("/desk/_create").status_code == 403
    assert create(client).status_code == 403


def test_a_server_without_a_folder_says_so(created):
    """Without STUDIES the page says what to set."""
    app = create_app(Settings(SIGNING, created.url))
    client = app.test_client()
    client.get("/desk", query_string={"key": sign_desk_key(SIGNING)})

    assert "Set <code>STUDIES</code>" in client.get("/desk/_create").text
    app.extensions["budgetfusion"].database.close()


@pytest.mark.parametrize(
    "path", ["proposal", "publish", "submissions", "approve", "bonuses", "bonuses/setup", "bonuses/1/pay"]
)
def test_a_signed_link_spends_no_money(app_of, path):
    """Whoever has only the link may look and prepare, and decides about no money and nobody."""
    create(enter(app_of, "experimenter"))
    client = app_of.test_client()
    client.get("/desk", query_string={"key": sign_desk_key(SIGNING)})
    token = token_of(client.get("/desk/made"))
    answered = client.post(f"/desk/made/prolific/{path}", data={"form_token": token})

    assert answered.status_code == 403
    assert "Log in with an account" in answered.text


def test_without_a_token_the_desk_says_that_it_can_ask_nothing(app_of, monkeypatch):
    """The pages show what is stored, and a press says which variable is missing; nothing breaks."""
    monkeypatch.delenv("PROLIFIC_TOKEN", raising=False)
    client = enter(app_of, "experimenter")
    create(client)
    token = token_of(client.get("/desk/made/prolific"))
    client.post("/desk/made/prolific/draft", data={"form_token": token})

    assert "PROLIFIC_TOKEN" in client.get("/desk/made/prolific").text
    for page in ("submissions", "bonuses", "discrepancies"):
        assert client.get(f"/desk/made/prolific/{page}").status_code == 200


def test_what_is_not_there_is_not_found(app_of):
    """An image of no manifest, a visit of nobody, a picture of nothing, a study of no name: 404 each."""
    client = enter(app_of, "experimenter")
    create(client)

    for path in ("images/" + "0" * 64, "visits/P-9999", "plots/none.svg"):
        assert client.get(f"/desk/made/{path}").status_code == 404
    assert client.get("/desk/unmade").status_code == 404
    with pytest.raises(UnknownStudyError):
        app_of.extensions["budgetfusion"].material("unmade")
