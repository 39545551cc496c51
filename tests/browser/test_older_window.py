"""The older of two windows of one visit, in a real browser."""

import pytest

pytestmark = pytest.mark.browser


def test_the_older_window_is_told_without_an_answer(page, url):
    """Once the visit goes on elsewhere, whatever the older window reports brings it the news."""
    page.goto(f"{url}/s/tiny")
    for name in ("Start", "I agree", "Continue"):
        page.get_by_role("button", name=name).click()
    page.get_by_role("link", name="Begin").click()
    page.wait_for_selector("#stage[data-trial]")
    other = page.context.new_page()
    other.goto(f"{url}/s/tiny/trials")
    other.wait_for_selector("#stage[data-trial]")
    page.get_by_role("button", name="Instructions").click()  # a pause, which is reported within some seconds
    page.keyboard.press("Escape")

    page.wait_for_function("() => document.querySelector('#interlude h2').textContent.includes('elsewhere')")
    other.close()
