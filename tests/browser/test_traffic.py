"""Every byte that goes between a participant's browser and the server, in both directions, searched for secrets."""

import base64
import hashlib
import itertools
import socket
import socketserver
import threading
from contextlib import contextmanager
from urllib.parse import quote, quote_plus, urlsplit

import pytest

from stimuli.manifest import read_manifest
from stimuli.studyfile import StudyFile
from study_server import studies

pytestmark = pytest.mark.browser

RENAMED = {"OURS": "KESTREL", "UNIFORM": "PLOVER", "GOOD": "DUNLIN", "REFERENCE": "REFERENCE", "OBVIOUS": "OBVIOUS"}
"""Names that no page has a reason to say; the last two are fixed, and are searched for in capitals."""
STEPS = {"KESTREL": 7368787, "PLOVER": 8467409, "DUNLIN": 6389917, "REFERENCE": 9613127, "OBVIOUS": 5471647}
"""Step counts so odd that they are nowhere by chance."""
KEYS = ("num_steps", "left_condition", "right_condition", "repeat_of", "item_id", '"purpose"', '"correct_side"')
HASHES = ("md5", "sha1", "sha256", "sha512", "blake2b")
SHORTEST = 5
"""Bytes; what is shorter stands in any image by chance."""


class Tap(socketserver.ThreadingTCPServer):
    """Passes bytes on to a server, both ways, and keeps them."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, url):
        self.behind = (urlsplit(url).hostname, urlsplit(url).port)
        self.heard, self.lock = [], threading.Lock()
        super().__init__(("127.0.0.1", 0), Wire)

    @property
    def text(self):
        """Everything that was said, one connection and direction after the other."""
        with self.lock:
            return b"\n".join(map(bytes, self.heard))


class Wire(socketserver.BaseRequestHandler):
    """One connection."""

    def handle(self):
        """Pass on until both ends have said what they had to say."""
        with socket.create_connection(self.server.behind) as server:
            back = threading.Thread(target=self.carry, args=(server, self.request))
            back.start()
            self.carry(self.request, server)
            back.join()

    def carry(self, source, sink):
        """Pass on one direction."""
        said = bytearray()
        with self.server.lock:
            self.server.heard.append(said)
        try:
            while data := source.recv(65536):
                with self.server.lock:
                    said.extend(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one end has gone


@contextmanager
def tapped(url):
    """Yield a tap in front of a server; its address is `http://127.0.0.1:<port>`."""
    with Tap(url) as tap:
        threading.Thread(target=tap.serve_forever, daemon=True).start()
        yield tap
        tap.shutdown()


def forms(secret):
    """Return a secret as bytes in every form in which it might travel: plain, quoted, hex, base64, hashed."""
    plain = secret if isinstance(secret, bytes) else secret.encode()
    hashed = [hashlib.new(name, plain).digest() for name in HASHES]
    quoted = {quote(plain).encode(), quote_plus(plain).encode(), quote(plain, safe="").encode()}
    found = {plain, *quoted, plain.hex().encode(), *hashed}
    found |= {digest.hex()[:12].encode() for digest in hashed}
    for whole in (plain, *hashed):
        found |= based(whole)
    return {form for form in found if len(form) >= SHORTEST}


def based(plain):
    """Return what base64 makes of bytes wherever they stand in a longer text, without what their neighbours decide."""
    found = set()
    for before in range(3):
        bits = slice(-(-8 * before // 6), 8 * (before + len(plain)) // 6)
        text = base64.b64encode(bytes(before) + plain + bytes(2))[bits]
        found |= {text, text.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


@pytest.fixture
def renamed(database, tiny, stimuli_folder):
    """Publish the tiny study under another name, with conditions and step counts that can be searched for."""
    manifest = read_manifest(stimuli_folder)
    items = [rename(item) for item in manifest.items]
    wanted = tiny.study_file(blank_ms=50).model_dump(exclude={"generation", "analysis"}, exclude_none=True)
    wanted["study"]["name"] = "renamed"
    wanted["stimuli"] |= {"compare": ["KESTREL", "PLOVER"]}
    wanted["stimuli"]["conditions"] = [
        {"name": name, "rule": "steps", "num_steps": 5 + number}
        for number, name in enumerate(("KESTREL", "PLOVER", "REFERENCE"))
    ]
    study = StudyFile.model_validate(wanted)
    told = {"study": "renamed", "compare": ("KESTREL", "PLOVER"), "items": items}
    changed = manifest.model_copy(update={**told, "digests": {"stimuli": study.stimuli_digest}})
    with database.writing() as db:
        studies.create(db, study, changed, stimuli_folder)
    return changed


def rename(item):
    """Return an item with other names, steps and words."""

    def other(stimulus):
        name = RENAMED[stimulus.condition]
        return stimulus.model_copy(update={"condition": name, "num_steps": STEPS[name]})

    new = {"prompt": f"a jar of marmalade, {item.prompt}", "item_id": f"cobalt-{item.item_id}"}
    new |= {"reference": other(item.reference)}
    new |= {"stimuli": {RENAMED[name]: other(stimulus) for name, stimulus in item.stimuli.items()}}
    return item.model_copy(update=new)


def secrets_of(manifest):
    """Return what the browser must not know: conditions, step counts, items, prompts, names of the stored files."""
    plain = {*RENAMED.values(), *(name.lower() for name in ("KESTREL", "PLOVER", "DUNLIN")), *KEYS, "cobalt-"}
    for item in manifest.items:
        plain |= {item.item_id, item.prompt}
    for stimulus in manifest.stimuli():
        plain |= {stimulus.sha256, stimulus.sha256[:12], bytes.fromhex(stimulus.sha256)}
    return plain | {form for count in STEPS.values() for form in (str(count), f"{count:x}")}


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("after", ["", "z"])
def test_a_secret_is_found_in_base64_wherever_it_stands(before, after):
    """The search would see a condition inside a longer text, in both alphabets of base64."""
    text = f"{before}KESTREL{after}".encode()

    assert any(form in base64.b64encode(text) for form in forms("KESTREL"))
    assert any(form in base64.urlsafe_b64encode(text) for form in forms("KESTREL"))


def test_no_byte_of_a_visit_tells_what_is_shown(page, url, renamed):
    """From landing to thanks no condition, step count, prompt, item or stored name: plain, quoted, base64, hashed."""
    with tapped(url) as tap:
        address = f"http://127.0.0.1:{tap.server_address[1]}"
        page.goto(f"{address}/s/renamed")
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="I agree").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("link", name="Begin").click()
        for key in itertools.cycle(("f", "j", "Space")):
            if page.url.endswith("/done"):
                break
            page.keyboard.press(key)
            page.wait_for_timeout(60)
        heard = tap.text

    assert heard.count(b"/answers HTTP/1.1") >= 10
    assert heard.count(b"\x89PNG") == 30
    assert b"content-encoding" not in heard.lower()  # what is packed could not be searched
    found = {secret for secret in secrets_of(renamed) for form in forms(secret) if form in heard}
    assert found == set()
