"""Pictures of every page that a participant sees, in a wide and in a narrow window."""

from typing import Any

from playwright.sync_api import Page

from stimuli.manifest import read_manifest
from stimuli.studyfile import StudyFile, read_study_file
from study_server import states, studies
from study_server.db import Database
from tests.browser.pictures import SIZES, STUDY, Stage

ARABIC = {
    "language": "ar",
    "landing": "# أيّ صورة أكثر شبهًا؟\n\nسترى أزواجًا من صور صغيرة صنعها حاسوب إلى جانب صورة مرجعية، وتقول أيّ الصورتين "
    "أكثر شبهًا بها. يستغرق ذلك نحو **خمس دقائق**.",
    "consent": "# معلومات وموافقة\n\n**ما تفعله.** تنظر إلى صور وتختار بين اثنتين منها. لا توجد مخاطر معروفة.\n\n"
    "**ما نحفظه.** اختياراتك وتوقيتها تحت رمز عشوائي.\n\n**حقوقك.** المشاركة طوعية، ويمكنك التوقف في أي وقت.",
    "instructions": "# ما عليك فعله\n\nالصورة الوسطى هي **المرجع**. اختر الصورة الأكثر شبهًا بالمرجع: اضغط "
    "**F** لليسرى أو **J** لليمنى.",
    "question": "أيّ الصورتين أكثر شبهًا بالمرجع؟",
    "comprehension": [],
}
VARIANTS: dict[str, dict[str, Any]] = {
    "above": {"design": {"layout": "reference-above", "not_sure": True}},
    "flip": {"design": {"layout": "flip", "min_exposure_ms": 0}},
    "two": {"design": {"task": "which-is-reference"}, "texts": {"question": "Which of the two is the reference?"}},
    "arabic": {"texts": ARABIC},
    "closed": {},
    "taken": {"design": {"participants": 1}},
}


def take(stage: Stage) -> None:
    """Go through the study once for each size, out of it by each exit, and through its variants."""
    material = _publish(stage)
    database = Database(stage.database)
    database.write(lambda db: states.close(db, material["closed"], "pictures"))
    database.close()
    for size in SIZES:
        for walk in (_way, _exits, _failed, _variants, _arabic, _others):
            with stage.page(size) as page:
                walk(stage, page, size)


def _publish(stage: Stage) -> dict[str, studies.Material]:
    """Create a study for each variant, with the images of the first."""
    original, manifest = read_study_file(stage.study_file), read_manifest(stage.stimuli)
    database, found = Database(stage.database), {}
    for name, changes in VARIANTS.items():
        wanted = original.model_dump(exclude_none=True)
        wanted["study"]["name"] = name
        wanted["texts"]["comprehension"] = []
        for table, keys in changes.items():
            wanted[table] |= keys
        with database.writing() as db:
            study = StudyFile.model_validate(wanted)
            studies.create(db, study, manifest.model_copy(update={"study": name}), stage.stimuli)
            found[name] = studies.read_material(db, name)
    database.close()
    return found


def _way(stage: Stage, page: Page, size: str) -> None:
    """From the landing page to the thanks."""
    page.goto(f"{stage.url}/s/{STUDY}")
    stage.keep(page, f"landing-{size}")
    page.get_by_role("button", name="Start").click()
    stage.keep(page, f"consent-{size}")
    page.get_by_role("button", name="I agree").click()
    page.wait_for_selector("#go-on:enabled")
    stage.keep(page, f"device-{size}")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector("#said:not(:empty)")  # the page listens from then on
    page.focus("#width")
    page.keyboard.press("ArrowLeft")
    stage.keep(page, f"card-{size}")
    page.get_by_role("button", name="They are equally wide").click()
    stage.keep(page, f"instructions-{size}")
    page.get_by_role("link", name="Continue").click()
    page.get_by_label("The one that is more").check()
    stage.keep(page, f"check-{size}")
    page.get_by_label("Take the one that feels closer").check()
    page.get_by_role("button", name="Check my answers").click()
    _trials(stage, page, size)


def _trials(stage: Stage, page: Page, size: str) -> None:
    """From practice to the thanks."""
    _shown(page)
    stage.keep(page, f"practice-{size}")
    page.get_by_role("button", name="Instructions").click()
    stage.keep(page, f"instructions-again-{size}")
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('#feedback').textContent.includes('one.')")
    stage.keep(page, f"feedback-{size}")
    _break(stage, page, f"practice-over-{size}")
    page.keyboard.press("j")
    _again(page)
    stage.keep(page, f"trial-{size}")
    page.route("**/answers", lambda route: route.abort())
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('No connection')")
    page.unroute("**/answers")
    _break(stage, page, f"break-{size}")
    page.keyboard.press("j")
    _again(page)
    page.keyboard.press("j")
    page.wait_for_url("**/done")
    stage.keep(page, f"done-{size}")
    page.fill("#comment", "The second block was harder.")
    page.get_by_role("button", name="Send").click()
    stage.keep(page, f"thanks-{size}")


def _exits(stage: Stage, page: Page, size: str) -> None:
    """No consent; then a visit that goes on elsewhere, and is left."""
    page.goto(f"{stage.url}/s/{STUDY}")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I do not agree").click()
    stage.keep(page, f"declined-{size}")
    _enter(stage, page, "two")
    other = page.context.new_page()
    other.goto(f"{stage.url}/s/two/trials")
    _shown(other)
    other.close()
    page.keyboard.press("f")
    page.wait_for_selector("#interlude:not([hidden])")
    stage.keep(page, f"elsewhere-{size}")
    page.goto(f"{stage.url}/s/two/leave")
    stage.keep(page, f"leave-{size}")
    page.get_by_role("button", name="delete my answers").click()
    stage.keep(page, f"withdrawn-{size}")


def _failed(stage: Stage, page: Page, size: str) -> None:
    """Wrong answers to the comprehension check."""
    page.goto(f"{stage.url}/s/{STUDY}")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="I have no card here").click()
    page.get_by_role("link", name="Continue").click()
    for name in ("check-again", "check-failed"):
        page.get_by_label("The prettier one").check()
        page.get_by_label("Close the page").check()
        page.get_by_role("button", name="Check my answers").click()
        stage.keep(page, f"{name}-{size}")


def _variants(stage: Stage, page: Page, size: str) -> None:
    """The other layouts and tasks."""
    for name in ("above", "flip", "two"):
        _enter(stage, page, name)
        if name == "flip":
            page.keyboard.press("Space")
        stage.keep(page, f"trial-{name}-{size}")
    width, height = SIZES[size]
    page.set_viewport_size({"width": width - 40, "height": height})
    page.wait_for_selector("#interlude:not([hidden])")
    page.set_viewport_size({"width": width, "height": height})
    stage.keep(page, f"paused-{size}")


def _arabic(stage: Stage, page: Page, size: str) -> None:
    """A language that runs from right to left."""
    page.goto(f"{stage.url}/s/arabic")
    page.locator("button.primary").click()
    stage.keep(page, f"arabic-consent-{size}")
    page.locator("button.primary").click()
    page.wait_for_selector("#go-on:enabled")
    stage.keep(page, f"arabic-device-{size}")
    page.locator("#go-on").click()
    page.keyboard.press("Tab")
    page.focus("#width")
    page.keyboard.press("ArrowUp")
    page.locator("#go-on").click()
    page.locator("a.primary").click()
    _shown(page)
    stage.keep(page, f"arabic-trial-{size}")


def _others(stage: Stage, page: Page, size: str) -> None:
    """A small window, a full and a closed study, a wrong address, the statement."""
    page.set_viewport_size({"width": 240, "height": 320})
    page.goto(f"{stage.url}/s/above")
    page.locator("button.primary").click()
    page.locator("button.primary").click()
    page.wait_for_selector("[data-found=no]")
    width, height = SIZES[size]
    page.evaluate("() => { innerHeight = 0 }")  # what the page thinks of its room, in a window that shows it
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_selector("[data-found=no]")
    stage.keep(page, f"no-room-{size}")
    page.get_by_role("button", name="I cannot do this here").click()
    stage.keep(page, f"device-over-{size}")
    for name, title in (("taken", "full"), ("closed", "closed")):
        page.goto(f"{stage.url}/s/{name}")
        page.locator("button.primary").click()
        if title == "full" and page.url.endswith("/consent"):
            page.context.clear_cookies()
            page.goto(f"{stage.url}/s/{name}")
            page.locator("button.primary").click()
        stage.keep(page, f"{title}-{size}")
    page.goto(f"{stage.url}/s/no-such-study")
    stage.keep(page, f"unknown-{size}")
    page.goto(f"{stage.url}/s/{STUDY}/accessibility")
    stage.keep(page, f"accessibility-{size}")


def _enter(stage: Stage, page: Page, name: str) -> None:
    """Go to the first trial of a study without a comprehension check."""
    page.goto(f"{stage.url}/s/{name}")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="I have no card here").click()
    page.get_by_role("link", name="Begin").click()
    _shown(page)


def _shown(page: Page) -> None:
    page.wait_for_selector("#stage[data-trial]")
    page.wait_for_timeout(200)


def _again(page: Page) -> None:
    """Wait for the next trial, its answer before stored."""
    page.wait_for_selector("#stage:not([data-trial])")
    _shown(page)
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('✓')")


def _break(stage: Stage, page: Page, name: str) -> None:
    page.wait_for_selector("#interlude:not([hidden])")
    stage.keep(page, name)
    page.keyboard.press("Space")
    _shown(page)
