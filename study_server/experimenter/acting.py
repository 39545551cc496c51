"""Doing something at the desk that may be refused: what was done or why not is said on the next page."""

from collections.abc import Callable

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from budgetfusion.errors import BudgetFusionError
from study_server.accounts import Visitor
from study_server.experimenter.doors import GUEST, require
from study_server.server import current_server


def attempt(act: Callable[[], str], endpoint: str, name: str) -> Response:
    """Do something, say what it says, and lead to a page; an expected fault is said there instead.

    Args:
        act: Returns what was done, in words.
        endpoint: Of the page.
        name: Of the study.
    """
    try:
        flash(act(), "good")
    except BudgetFusionError as error:
        return refuse(str(error), endpoint, name)
    return redirect(url_for(endpoint, name=name), 303)


def refuse(words: str, endpoint: str, name: str) -> Response:
    """Say on a page why something was not done."""
    flash(words, "danger")
    return redirect(url_for(endpoint, name=name), 303)


def spender() -> Visitor:
    """Return who may spend money: an experimenter with an account, so that the record names a person."""
    who = require("experimenter")
    if who == GUEST:
        abort(403, "A signed link spends no money and decides about nobody. Log in with an account.")
    return who


def public_url() -> str:
    """Return the address by which participants reach this server."""
    return current_server().settings.public_url or request.url_root.rstrip("/")
