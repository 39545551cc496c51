"""Who may enter the desk, and what for: viewer < experimenter < owner; argon2 passwords, and TOTP if it is set up."""

import time
from dataclasses import dataclass

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from study_server import audit
from study_server.errors import AccountError
from study_server.ledger import ROLES, Account

MIN_PASSWORD = 10
TOTP_STEP_S = 30
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody has this password")


@dataclass(frozen=True)
class Visitor:
    """Who is at the desk.

    Args:
        name: Of the account, or of the link that opened the desk.
        role: 'viewer' sees, 'experimenter' also pauses and exports blinded, 'owner' also closes and unblinds.
    """

    name: str
    role: str

    def may(self, role: str) -> bool:
        """Say whether this visitor has a role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


def add(db: Db, name: str, role: str, password: str, *, has_totp: bool) -> str | None:
    """Make an account, and return the address that an authenticator app reads if it has a second factor.

    Raises:
        AccountError: If the name is taken or the password short.
    """
    if len(password) < MIN_PASSWORD:
        raise AccountError(name, f"a password of {len(password)} characters", f"{MIN_PASSWORD} or more")
    if db.scalar(select(Account.id).where(Account.name == name)) is not None:
        raise AccountError(name, "an account of this name", "a new name")
    secret = pyotp.random_base32() if has_totp else None
    db.add(Account(name=name, role=role, password_hash=_HASHER.hash(password), totp_secret=secret, totp_step=0))
    audit.record(db, "account", {"name": name, "role": role})
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="BudgetFusion") if secret else None


def remove(db: Db, name: str) -> None:
    """Remove an account; who is in by it is out with the next click.

    Raises:
        AccountError: If there is none of this name.
    """
    account = db.scalar(select(Account).where(Account.name == name))
    if account is None:
        raise AccountError(name, "no account of this name", "one that `budgetfusion study account list` names")
    db.delete(account)
    audit.record(db, "account", {"name": name, "role": None})


def every(db: Db) -> list[Account]:
    """Return all accounts by name."""
    return list(db.scalars(select(Account).order_by(Account.name)))


def log_in(db: Db, name: str, password: str, totp: str) -> Visitor | None:
    """Return who has this name, password and one-time code, or none; a one-time code is good for one time."""
    account = db.scalar(select(Account).where(Account.name == name).with_for_update())
    if not _is_password(account.password_hash if account else _NOBODY, password) or account is None:
        return None
    if account.totp_secret is not None:
        step = _step_of(account.totp_secret, totp)
        if step is None or step <= account.totp_step:
            return None
        account.totp_step = step
    audit.record(db, "login", {}, account.name)
    return Visitor(account.name, account.role)


def find(db: Db, name: str) -> Visitor | None:
    """Return the visitor of an account, if it still is one."""
    account = db.scalar(select(Account).where(Account.name == name))
    return Visitor(account.name, account.role) if account is not None else None


def _is_password(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _step_of(secret: str, totp: str) -> int | None:
    """Return the time step of a one-time code, now or one step off, or none if it is of neither."""
    now = int(time.time()) // TOTP_STEP_S
    code = pyotp.TOTP(secret)
    steps = (step for step in (now - 1, now, now + 1) if pyotp.utils.strings_equal(code.generate_otp(step), totp))
    return next(steps, None)
