"""Signed entry: who arrives, as Prolific says."""

import base64
import json
import time
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from stand_in.signing import Signer

from prolific_config import subscriptions
from prolific_config.entry import KeyRing, admit
from prolific_config.errors import AnswerError, EntryTokenError, ProlificAwayError

STUDY = "https://lab.example/s/my-study"
OPENED = f"{STUDY}?PROLIFIC_PID={'a' * 24}&STUDY_ID={'b' * 24}&SESSION_ID={'c' * 24}"
NOW = time.time()


@pytest.fixture(scope="session")
def signer() -> Signer:
    """Prolific's key, made once."""
    return Signer()


@pytest.fixture
def keys(signer) -> KeyRing:
    """A key ring that holds it."""
    return KeyRing(lambda: {"keys": [signer.jwk()]})


def arrival(token: str | None = None, **changes: str) -> dict[str, str]:
    """The query of an arrival."""
    query = {**dict(parse_qsl(urlsplit(OPENED).query)), **changes}
    return {**query, "prolific_token": token} if token else query


def test_a_signed_arrival_says_who_comes(signer, keys) -> None:
    """Ids as they were signed."""
    entry = admit("required", arrival(signer.token(OPENED, NOW)), keys, STUDY, NOW + 5)

    assert entry is not None
    assert (entry.submission_id, entry.participant_id, entry.study_id) == ("c" * 24, "a" * 24, "b" * 24)


@pytest.mark.parametrize(
    ("audience", "is_ours"),
    [
        (OPENED, True),
        (STUDY + "/", True),
        ("https://lab.example", True),
        ("lab.example", True),
        ("https://LAB.example/s/my-study", True),
        ("http://lab.example/s/my-study", False),
        ("https://lab.example/s/other", False),
        ("https://lab.example.org/s/my-study", False),
        ("", False),
    ],
)
def test_a_token_is_for_this_address_or_its_domain(signer, keys, audience, is_ours) -> None:
    """Prolific describes its audience in both ways."""
    query = arrival(signer.token(OPENED, NOW, aud=audience))
    if is_ours:
        assert admit("required", query, keys, STUDY, NOW)
    else:
        with pytest.raises(EntryTokenError, match="a token for another address"):
            admit("required", query, keys, STUDY, NOW)


def test_a_token_may_be_required_optional_or_ignored(signer, keys) -> None:
    """Required: absent is refused; optional: absent is fine, forged is not; off: nothing is looked at."""
    with pytest.raises(EntryTokenError, match="found no token"):
        admit("required", arrival(), keys, STUDY, NOW)
    assert admit("verify-if-present", arrival(), keys, STUDY, NOW) is None
    assert admit("verify-if-present", arrival(signer.token(OPENED, NOW)), keys, STUDY, NOW) is not None
    with pytest.raises(EntryTokenError):
        admit("verify-if-present", arrival("forged"), keys, STUDY, NOW)
    assert admit("off", arrival("forged"), keys, STUDY, NOW) is None


def unsigned(claims: dict) -> str:
    """A token that says it needs no signature."""
    parts = [{"alg": "none", "typ": "JWT", "kid": "key-1"}, claims]
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*coded, ""])


def forged(how: str, signer: Signer) -> str:
    """A token that is wrong in one way."""
    good = signer.token(OPENED, NOW)
    claims = jwt.decode(good, options={"verify_signature": False})
    match how:
        case "no algorithm":
            return unsigned(claims)
        case "public key as secret":
            return jwt.encode(claims, signer.jwk()["n"], algorithm="HS256", headers={"kid": "key-1"})
        case "another key":
            return Signer("key-1").token(OPENED, NOW)
        case "unknown key":
            return Signer("key-2").token(OPENED, NOW)
        case "changed body":
            head, body, tail = good.split(".")
            return ".".join([head, body[:-4] + "AAAA", tail])
        case "another issuer":
            return signer.token(OPENED, NOW, iss="https://prolific.example")
        case "another address":
            return signer.token(OPENED, NOW, aud="https://lab.example/s/other")
        case "another submission":
            return signer.token(OPENED, NOW, sub="d" * 24)
        case "no participant":
            return signer.token(OPENED, NOW, prolific={"STUDY_ID": "b" * 24})
        case _:
            return how


@pytest.mark.parametrize(
    "how",
    [
        "no algorithm",
        "public key as secret",
        "another key",
        "unknown key",
        "changed body",
        "another issuer",
        "another address",
        "another submission",
        "no participant",
        "no token at all",
    ],
)
def test_a_forged_token_is_refused(signer, keys, how) -> None:
    """The algorithm is ours to say, the key Prolific's, and every claim is looked at."""
    with pytest.raises(EntryTokenError, match="Open the study again from Prolific"):
        admit("required", arrival(forged(how, signer)), keys, STUDY, NOW)


def test_changed_parameters_are_refused(signer, keys) -> None:
    """Somebody else's id beside a good token is named."""
    query = arrival(signer.token(OPENED, NOW), PROLIFIC_PID="e" * 24)

    with pytest.raises(EntryTokenError, match=r"other parameters than were signed: \['PROLIFIC_PID'\]"):
        admit("required", query, keys, STUDY, NOW)


@pytest.mark.parametrize(("later", "is_fresh"), [(0, True), (149, True), (151, False), (-29, True), (-32, False)])
def test_a_token_lives_two_minutes(signer, keys, later, is_fresh) -> None:
    """With half a minute for clocks that differ."""
    query = arrival(signer.token(OPENED, NOW))
    if is_fresh:
        assert admit("required", query, keys, STUDY, int(NOW) + later)
    else:
        with pytest.raises(EntryTokenError, match="at most two minutes old"):
            admit("required", query, keys, STUDY, int(NOW) + later)


def test_keys_are_kept_for_a_day_and_asked_for_again_when_unknown(signer) -> None:
    """A new key is found; forged key ids ask at most once a minute."""
    asked, clock, published = [], [0.0], [signer.jwk()]

    def fetch():
        asked.append(clock[0])
        return {"keys": list(published)}

    ring = KeyRing(fetch, lambda: clock[0])
    for _ in range(3):
        ring.key("key-1")
    published.append(Signer("key-2").jwk())
    clock[0] = 59
    with pytest.raises(EntryTokenError):
        ring.key("key-2")
    clock[0] = 61
    ring.key("key-2")
    for _ in range(100):
        with pytest.raises(EntryTokenError):
            ring.key("forged")
    clock[0] += 24 * 60 * 60 + 1
    ring.key("key-1")

    assert asked == [0.0, 61, 61 + 24 * 60 * 60 + 1]


def test_a_known_key_holds_while_prolific_is_away(signer) -> None:
    """An unknown one is not guessed about: the arrival is told that Prolific does not answer."""
    clock, is_away = [0.0], [False]

    def fetch():
        if is_away[0]:
            raise ProlificAwayError("read signing keys", "HTTP 503")
        return {"keys": [signer.jwk()]}

    ring = KeyRing(fetch, lambda: clock[0])
    known = ring.key("key-1")
    clock[0], is_away[0] = 2 * 24 * 60 * 60, True

    assert ring.key("key-1") == known
    with pytest.raises(ProlificAwayError):
        ring.key("key-2")


@pytest.mark.parametrize("found", [{}, {"keys": []}, {"keys": [{"kty": "RSA"}]}])
def test_a_key_set_that_is_none_is_named(found) -> None:
    """It is an answer of another form, not a forged token."""
    with pytest.raises(AnswerError, match="'read signing keys': field 'keys'"):
        KeyRing(lambda: found).key("key-1")


def test_the_keys_come_over_http(prolific, connection) -> None:
    """From the address that Prolific publishes them at."""
    ring = KeyRing(lambda: subscriptions.signing_keys(connection))

    assert admit("required", arrival(prolific.signer.token(OPENED, NOW)), ring, STUDY, NOW) is not None
