"""Pictures of every page that a participant sees, in a wide and in a narrow window."""

from playwright.sync_api import Page

from tests.browser.pictures import SIZES, STUDY, Stage

EXTERNAL_ID = "{:024x}"


def take(stage: Stage) -> None:
    """Go through the study once for each size, and out of it by each exit."""
    for size in SIZES:
        with stage.page(size) as page:
            _way(stage, page, size)
        with stage.page(size) as page:
            _declined(stage, page, size)


def _way(stage: Stage, page: Page, size: str) -> None:
    base = f"{stage.url}/s/{STUDY}"
    page.goto(base)
    stage.keep(page, f"landing-{size}")
    page.get_by_role("button", name="Start").click()
    stage.keep(page, f"consent-{size}")
    page.get_by_role("button", name="I agree").click()
    page.wait_for_selector("#go-on:enabled")
    stage.keep(page, f"device-{size}")
    page.get_by_role("button", name="Continue").click()
    stage.keep(page, f"instructions-{size}")
    page.get_by_role("link", name="Continue").click()
    stage.keep(page, f"check-{size}")


def _declined(stage: Stage, page: Page, size: str) -> None:
    page.goto(f"{stage.url}/s/{STUDY}")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I do not agree").click()
    stage.keep(page, f"declined-{size}")
