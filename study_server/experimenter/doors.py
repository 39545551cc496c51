"""Who is at the desk: by an account, or by a signed link that opens it for a day."""

from flask import abort, g, session

from study_server import accounts
from study_server.accounts import Visitor
from study_server.server import current_server
from study_server.tokens import is_desk_key

GUEST = Visitor("signed link", "experimenter")


def open_door(key: str) -> bool:
    """Let in who comes with a signed key; say whether it was one."""
    if not key or not is_desk_key(current_server().settings.secret_key, key):
        return False
    session["desk_key"] = key
    return True


def close_door() -> None:
    """Let this browser out."""
    session.pop("desk", None)
    session.pop("desk_key", None)


def visitor() -> Visitor | None:
    """Return who is at the desk in this browser, if anybody; a removed account or an old link is nobody."""
    if "visitor" not in g:
        g.visitor = _visitor()
    found: Visitor | None = g.visitor
    return found


def require(role: str) -> Visitor:
    """Return who is at the desk, or refuse: with 401 to nobody, with 403 to somebody of a lower role."""
    who = visitor()
    if who is None:
        abort(401, "Log in at the desk first.")
    if not who.may(role):
        abort(403, f"This needs the role '{role}', yours is '{who.role}'. Ask an owner of the study.")
    return who


def _visitor() -> Visitor | None:
    server = current_server()
    if is_desk_key(server.settings.secret_key, session.get("desk_key", "")):
        return GUEST
    name = session.get("desk")
    if not isinstance(name, str):
        return None
    with server.database.reading() as db:
        return accounts.find(db, name)
