"""From a study file to a paid, monitored, reconciled study: what an experimenter does at the desk, in a real browser.

Thirty people come over HTTP from a stand-in Prolific: three return, two run out of time, one fails the comprehension
check. Each step asserts what the desk says; `look` is called on each page with its name.
"""

import csv
import random
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "prolific_config"))

from demo_study import make_demo_study
from people import Person
from stand_in.description import Description
from stand_in.server import TOKEN, StandIn

from stimuli.manifest import read_manifest
from stimuli.studyfile import read_study_file
from study_server import accounts, answers, audit, schema, sessions
from study_server.db import Database
from study_server.serving import serving
from study_server.settings import Settings
from study_server.slots import better_condition, plan

PASSWORD = "open sesame twice"  # noqa: S105 - of the tests only
SIZE = {"width": 1440, "height": 900}
SPEED = 30
"""How many times faster than ours the clock of visits goes, so that minutes on the desk look like minutes."""

RETURNED, TIMED_OUT, FAILED, CARELESS = (3, 9, 20), (14, 25), 11, 17


@dataclass
class Desk:
    """An experimenter's browser, the server, and the world of the stand-in."""

    url: str
    page: Any
    world: Any
    look: Any
    root: Path
    clock: Any
    name: str = "demo"

    def go(self, path=""):
        """Open a page of the study."""
        self.page.goto(f"{self.url}/desk/{self.name}{path}")

    def press(self, words):
        """Press a button and wait for what it leads to."""
        self.page.get_by_role("button", name=words).click()

    def text(self, of="main"):
        """Return what a part of the page says."""
        return self.page.inner_text(of)


@contextmanager
def fast_clock():
    """Let visits happen some hours ago, on a clock that goes faster."""
    began = datetime.now(UTC)

    class Fast(datetime):
        @classmethod
        def now(cls, tz=None):
            real = datetime.now(UTC)
            return (began - timedelta(hours=6) + (real - began) * SPEED).astimezone(tz)

    with ExitStack() as stack:
        for module in (sessions, answers, audit):
            stack.enter_context(mock.patch.object(module, "datetime", Fast))
        yield Fast


@contextmanager
def desk_of(root, page, look):
    """Serve an empty database, two accounts and a folder with a study, beside a stand-in Prolific."""
    make_demo_study(root)
    (root / "broken.toml").write_text("[study]\nname = 'Broken!'\n[design]\nparticipants = 0\n", encoding="utf-8")
    opened = Database(f"sqlite:///{root / 'study.db'}")
    schema.upgrade(opened)
    for name, role in (("anna", "experimenter"), ("olga", "owner")):
        opened.write(lambda db, name=name, role=role: accounts.add(db, name, role, PASSWORD, has_totp=False))
    opened.close()
    settings = Settings("signs in the tests only", opened.url, studies=root, min_free_mb=0)
    with ExitStack() as stack:
        stand_in = stack.enter_context(StandIn([Description()]))
        stack.enter_context(mock.patch.dict("os.environ", {"PROLIFIC_URL": stand_in.url, "PROLIFIC_TOKEN": TOKEN}))
        clock = stack.enter_context(fast_clock())
        yield Desk(stack.enter_context(serving(settings)), page, stand_in.world, look, root, clock)
    assert stand_in.violations == []


def go_through(desk):
    """Create, preview, publish; people come and go; approve, reward, export, compare, close."""
    desk.page.goto(f"{desk.url}/desk/login")
    desk.look("login")
    log_in(desk, "anna")
    assert "No study yet" in desk.text()
    create(desk)
    preview(desk)
    study_id = publish(desk)
    desk.go()
    with ExitStack() as visits:
        people = [arrive(desk, study_id, number, visits) for number in range(30)]
        desk.page.wait_for_function("() => document.querySelector('.strip dd').innerText === '30'")  # it renews itself
        assert funnel(desk) == dict(zip(NAMES, (30, 30, 30, 0, 0, 0, 0, 0), strict=True))
        desk.look("monitor-active")
        happen(desk, people)
    assert "0 discrepancies" in reconcile(desk)
    assert funnel(desk) == dict(zip(NAMES, (30, 30, 0, 24, 3, 2, 1, 0), strict=True))
    desk.look("monitor")
    watch(desk)
    approve(desk)
    reward(desk)
    export(desk)
    assert "0 discrepancies" in reconcile(desk)
    desk.look("discrepancies")
    desk.go()
    assert "£38.40 of £48.00 approved" in desk.text(".subject")
    close(desk)


NAMES = ("arrived", "consented", "active", "finished", "returned", "timed out", "screened out", "others")


def funnel(desk, mode="live"):
    """Return the funnel as the monitor shows it now."""
    desk.go(f"?mode={mode}")
    words = desk.page.locator(".strip dd").all_inner_texts()
    return {name: int(word.split()[0]) for name, word in zip(NAMES, words, strict=True)}


def log_in(desk, name):
    """Log in at the desk."""
    desk.page.goto(f"{desk.url}/desk/login")
    desk.page.fill("#name", name)
    desk.page.fill("#password", PASSWORD)
    desk.press("Log in")
    desk.page.wait_for_url("**/desk")


def create(desk):
    """Check a broken file and see every fault; check the right one, see policy, and freeze it."""
    page = desk.page
    page.get_by_role("link", name="Create a study").click()
    page.get_by_label("Study file").select_option("broken.toml")
    desk.press("Check")
    keys = page.locator(".faults tbody td:nth-child(2)").all_inner_texts()
    assert {"study.name", "design.participants", "design.main_trials", "texts"} <= set(keys)
    desk.look("create-faults")
    page.get_by_label("Study file").select_option("demo.toml")
    desk.press("Check")
    assert "£1.60 for 10 minutes" in desk.text()
    desk.look("create")
    desk.press("Create demo")
    page.wait_for_url("**/desk/demo")
    assert "Nobody is let in until this study is published" in desk.text()


def preview(desk):
    """Take the first steps as a participant; it is never counted as one."""
    page = desk.page
    page.get_by_role("link", name="Preview").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.wait_for_url("**/device")
    assert funnel(desk)["arrived"] == 0
    assert funnel(desk, "preview")["consented"] == 1
    desk.go("/triplets")
    assert page.locator(".triplet").count() == len(_mains(desk.root))
    desk.look("triplets")


def publish(desk):
    """Draft, see the cost, type a wrong amount, then the right one; return Prolific's id of the study."""
    page = desk.page
    desk.go("/prolific")
    assert f"{desk.url}/s/demo?PROLIFIC_PID=" in desk.text("#study-url")
    desk.press("Make a draft")
    page.wait_for_selector(".notice.good")
    desk.look("prolific-draft")
    desk.press("Publish …")
    amount = typed_amount(desk)
    desk.look("prolific-publish")
    page.fill("#typed", "1.00")
    desk.press("Publish and spend")
    assert "1.00" in desk.text(".notice.danger")
    (study,) = desk.world.studies.values()
    assert study["status"] == "UNPUBLISHED"
    desk.press("Publish …")
    page.fill("#typed", amount)
    desk.press("Publish and spend")
    page.wait_for_selector(".notice.good")
    assert study["status"] == "ACTIVE"
    desk.go()
    assert desk.text("h1 .chip") == "open"
    return study["id"]


def typed_amount(desk):
    """Return the amount that the page asks to type."""
    return desk.text("label[for=typed]").split(",")[1].split()[0]


def arrive(desk, study_id, number, visits):
    """Let somebody come from Prolific and agree; return the person, the submission and the moment."""
    submission = desk.world.arrive(study_id)
    prolific_id = desk.world.submission(submission)["participant"]
    person = Person(
        desk.url, "demo", prolific_id, submission, number, _sides(desk.root, number), lambda: desk.clock.now(UTC)
    )
    visits.callback(person.close)
    person.arrive()
    return person, submission, desk.clock.now(UTC)


def happen(desk, people):
    """Let 24 finish, 3 return, 2 run out of time, and 1 fail the comprehension check, in any order."""
    order, world = random.Random(4).sample(range(30), 30), desk.world  # noqa: S311 - no secret
    for number in order:
        person, submission, came = people[number]
        status, code = _take_part(person, number)
        world.now = datetime.fromisoformat(world.submission(submission)["started_at"]) + (desk.clock.now(UTC) - came)
        world.move(submission, status, code)


def _take_part(person, number):
    """Let one person do what arrival `number` does; return the submission's status and the code it came back with."""
    if number == FAILED:
        person.fail_the_check()
        return "AWAITING REVIEW", person.code()
    person.prepare()
    if number in (*RETURNED, *TIMED_OUT):
        person.answer(2 + number % 5)
        return ("TIMED-OUT" if number in TIMED_OUT else "RETURNED"), None
    person.answer(12)
    if number % 7 == 0:
        person.look_away(12)
    person.answer()
    person.finish()
    return "AWAITING REVIEW", person.code()


def reconcile(desk):
    """Ask Prolific for everything; return what the page says."""
    desk.go("/prolific/discrepancies")
    desk.press("Reconcile with Prolific")
    desk.page.wait_for_selector(".facts")
    return desk.text()


def watch(desk):
    """Sort, filter, open one visit, see the rules; results stay hidden."""
    page = desk.page
    page.get_by_role("link", name="trials", exact=True).click()
    assert "sort=trials" in page.url
    page.get_by_label("State").select_option("returned")
    desk.press("Filter")
    assert page.locator(".participants tbody tr").count() == 3
    page.locator(".participants tbody a").first.click()
    assert "place given back: returned" in desk.text(".timeline")
    desk.go("/visits/P-0002")
    desk.look("visit")
    desk.go("/quality")
    assert "catch accuracy" in desk.text("table.wide >> nth=1")
    desk.look("quality")
    desk.go("/data")
    assert "Hidden until the study is closed" in desk.text()
    desk.look("data")
    page.goto(f"{desk.url}/desk")
    desk.look("studies")


def approve(desk):
    """Fail to reject somebody without a ground; approve everybody with the code of a complete study."""
    page = desk.page
    desk.go("/prolific/submissions")
    assert page.locator("input[name=id]:checked").count() == 24
    desk.look("submissions")
    page.get_by_role("link", name="reject …").first.click()
    desk.look("reject")
    page.fill("#message", "x" * 120)
    desk.press("Reject")
    assert "instruction check" in desk.text(".notice.danger")
    desk.press("Approve those chosen …")
    desk.look("approve")
    assert typed_amount(desk) == "38.40"
    page.fill("#typed", "38.40")
    desk.press("Approve 24")
    page.wait_for_selector(".notice.good")
    assert [one["status"] for one in desk.world.submissions.values()].count("APPROVED") == 24


def reward(desk):
    """Pay one bonus: propose it twice, set up, type the total, pay; it is paid once."""
    page = desk.page
    desk.go("/prolific/bonuses")
    for _ in range(2):
        page.fill("#amount", "1.50")
        page.fill("#why", "a very helpful comment")
        desk.press("Propose")
        page.wait_for_selector(".notice")
    assert "already" in desk.text(".notice")
    desk.press("Set up on Prolific")
    page.wait_for_selector("#typed")
    desk.look("bonuses")
    page.fill("#typed", typed_amount(desk))
    desk.press("Confirm")
    desk.press("Pay once")
    page.wait_for_selector(".notice.good")
    assert [cents for _, _, cents in desk.world.paid] == [150]


def export(desk):
    """Export: every answer is there, and no condition before the close."""
    desk.go("/data")
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name="choices.csv").click()
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8").splitlines()))
    live = [row for row in rows if row["mode"] == "live"]
    assert len(live) == 24 * 23 + sum(2 + number % 5 for number in (*RETURNED, *TIMED_OUT))
    assert "chosen" not in rows[0]
    assert any("q-catch" in row["flags"] for row in live)


def close(desk):
    """An owner closes the study by typing its name; then results are told."""
    desk.press("Log out")
    log_in(desk, "olga")
    desk.go("/data")
    desk.page.fill("#typed", "demo")
    desk.press("Close demo")
    desk.page.wait_for_selector("h1 .chip.closed")
    desk.go("/data")
    assert "OURS v UNIFORM" in desk.text("table.wide")
    desk.look("data-closed")


def _mains(root):
    return [item for item in read_manifest(root / "stimuli").items if item.purpose == "main"]


def _sides(root, number):
    """Return what a careful eye answers to each trial of the place that arrival `number` gets; none for the careless.

    A main trial goes to OURS seven times in ten, and a repeat as its first showing nine times in ten.
    """
    if number == CARELESS:
        return {}
    rng, manifest = random.Random(number), read_manifest(root / "stimuli")  # noqa: S311 - no secret
    items = {item.item_id: item for item in manifest.items}
    chosen, sides = {}, {}
    for trial in plan(manifest, read_study_file(root / "demo.toml").design, number):
        better = better_condition(items[trial.item_id])
        if trial.purpose == "main":
            better = "OURS" if rng.random() < 0.7 else "UNIFORM"
        elif trial.purpose == "repeat" and rng.random() < 0.9:
            better = chosen[trial.repeat_of]
        elif trial.purpose == "repeat":
            better = "OURS"
        chosen[trial.trial_index] = better
        sides[trial.trial_index] = "left" if trial.left_condition == better else "right"
    return sides
