"""Every page on which a visit ends or stops, looked at with axe: nobody is stranded, and everybody can read why."""

import pytest

from study_server import states, studies

pytestmark = pytest.mark.browser

QUESTION = {"question": "Which one?", "answers": ["The prettier", "The more similar"], "right": 2}


class Way:
    """Leads a browser to a page."""

    def __init__(self, page, url, database, make_study):
        self.page, self.url, self.database, self.make_study = page, url, database, make_study

    def click(self, *names):
        """Press one button or link after the other."""
        for name in names:
            self.page.locator("button:visible, a:visible").filter(has_text=name).first.click()

    def start(self, study="tiny"):
        """Begin a visit."""
        self.page.goto(f"{self.url}/s/{study}")
        self.click("Start")

    def to_trial(self):
        """Go on to the first trial."""
        self.start()
        self.click("I agree", "Continue", "Begin")
        self.page.wait_for_selector("#stage[data-trial]")
        self.page.wait_for_timeout(300)

    def declined(self):
        """Say no to taking part."""
        self.start()
        self.click("I do not agree")

    def full(self):
        """Come second where there is one place."""
        self.make_study("small", participants=1)
        self.start("small")
        self.page.context.clear_cookies()
        self.start("small")

    def failed(self):
        """Answer the comprehension check wrong, twice."""
        self.make_study("asked", {"comprehension": [QUESTION]})
        self.start("asked")
        self.click("I agree", "Continue", "Continue")
        for _ in range(2):
            self.page.get_by_label("The prettier").check()
            self.click("Check my answers")

    def unknown(self):
        """Follow a wrong address."""
        self.page.goto(f"{self.url}/s/nowhere")

    def stranger(self):
        """Open a page of a visit without one."""
        self.page.goto(f"{self.url}/s/tiny/trials")

    def resting(self):
        """Come when the study is closed."""
        with self.database.writing() as db:
            states.close(db, studies.read_material(db, "tiny"), "a test")
        self.start()

    def elsewhere(self):
        """Answer in a window after the visit went on in another."""
        self.to_trial()
        other = self.page.context.new_page()
        other.goto(f"{self.url}/s/tiny/trials")
        other.wait_for_selector("#stage[data-trial]")
        other.close()
        self.page.keyboard.press("f")
        self.page.wait_for_selector("#interlude:not([hidden])")

    def refused(self):
        """Answer to a server that will never take it."""
        self.to_trial()
        self.page.route("**/answers", lambda route: route.fulfill(status=422, json={}))
        self.page.keyboard.press("f")
        self.page.wait_for_selector("#interlude:not([hidden])")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("declined", "You did not agree"),
        ("full", "All places are taken"),
        ("failed", "The study ends here"),
        ("unknown", "There is no study here"),
        ("stranger", "This page belongs to a visit"),
        ("resting", "This study rests at the moment"),
        ("elsewhere", "Your visit goes on elsewhere"),
        ("refused", "Something is wrong on our side"),
    ],
)
def test_a_page_that_ends_a_visit_says_why_and_axe_finds_nothing_serious(
    page, url, database, make_study, violations, name, words
):
    """Each exit and each refusal is a page in words, without a serious finding."""
    way = Way(page, url, database, make_study)
    getattr(way, name)()
    page.get_by_text(words).first.wait_for()

    assert violations(page) == []
