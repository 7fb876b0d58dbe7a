#!/usr/bin/env python3
"""Writes the ledger vectors: small deterministic ledgers, good, bad and torn, with an index of what a verifier must say.

    make_vectors.py [DIRECTORY]        (default: ../vectors/ledger beside this file)

It writes lines by its own JCS (the standard json module and a sort by UTF-16 code units), not by the verifier's recogniser,
so that the two check each other. The keys are made from fixed seeds and stand for nothing.

index.json is an array of {file, key, origin, expect, why, reading?}: `file` a file or a directory beside it, `key` the raw
public key in base64 or null for none, `origin` the origin to ask for or null, `expect` the exit code. `reading` names the
reading in independent_verifier.py's list that the expectation rests on where the page leaves room.
"""

import base64
import copy
import hashlib
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import independent_verifier as verifier  # noqa: E402

ORIGIN = "example.test/vectors"
LARGEST = 2**53 - 1


# ------------------------------------------------------------------------------------------------------------- a writer


class Key:
    def __init__(self, name):
        self.seed = hashlib.sha256(b"durward ledger vectors " + name.encode()).digest()
        digest = hashlib.sha512(self.seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
        self.prefix = digest[32:]
        self.public = verifier.ed25519_base_multiple(self.scalar)
        self.kid = hashlib.sha256(self.public).hexdigest()[:16]
        self.text = base64.b64encode(self.public).decode()

    def sign(self, message):
        def number(*parts):
            return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % verifier.L

        r = number(self.prefix, message)
        point = verifier.ed25519_base_multiple(r)
        s = (r + number(point, self.public, message) * self.scalar) % verifier.L
        return point + s.to_bytes(32, "little")


KEY, OTHER = Key("one"), Key("two")


def b64(data):
    return base64.b64encode(data).decode()


def jcs(value):
    def ordered(value):
        if isinstance(value, dict):
            return {name: ordered(value[name]) for name in sorted(value, key=lambda name: name.encode("utf-16-be"))}
        return [ordered(item) for item in value] if isinstance(value, list) else value

    return json.dumps(ordered(value), ensure_ascii=False, separators=(",", ":")).encode()


def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root_of(leaves, node=node_hash):
    """RFC 6962, 2.1, in its recursive words."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root_of(leaves[:k], node), root_of(leaves[k:], node))


def path_of(i, leaves, node=node_hash):
    """RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if i < k:
        return path_of(i, leaves[:k], node) + [root_of(leaves[k:], node)]
    return path_of(i - k, leaves[k:], node) + [root_of(leaves[:k], node)]


def padded_root(leaves):
    """A wrong tree: an odd node is paired with itself."""
    while len(leaves) > 1:
        leaves = leaves + leaves[-1:] if len(leaves) % 2 else leaves
        leaves = [node_hash(leaves[k], leaves[k + 1]) for k in range(0, len(leaves), 2)]
    return leaves[0]


def ts_of(milliseconds):
    day, rest = divmod(milliseconds, 86400000)
    hour, rest = divmod(rest, 3600000)
    minute, rest = divmod(rest, 60000)
    second, milli = divmod(rest, 1000)
    return "2026-03-%02dT%02d:%02d:%02d.%03dZ" % (1 + day, hour, minute, second, milli)


class Writer:
    """Appends batches. The hooks change a record before its leaf, the message, its sig, or the finished bytes."""

    def __init__(self, key=KEY, origin=ORIGIN, seq=0, prev=None):
        self.key, self.origin, self.seq = key, origin, seq
        self.prev = prev or b64(hashlib.sha256(b"durward-genesis-v1\n" + origin.encode()).digest())
        self.lines = []
        self.clock = 36000000

    def batch(self, bodies, record=None, message=None, sig=None, line=None, node=node_hash, root=root_of, leaf=leaf_hash):
        records, leaves = [], []
        for k, body in enumerate(bodies):
            body = copy.deepcopy(body)
            self.clock += body.pop("wait", 7)
            fixed = {"v": 1, "seq": self.seq + k, "ts": ts_of(self.clock), "origin": self.origin, "prev": self.prev}
            entry = {**fixed, **body}
            if record:
                record(entry, k)
            records.append(entry)
            leaves.append(leaf(jcs(entry)))
            self.prev = b64(leaves[-1])
        head = root(leaves) if root is not root_of else root_of(leaves, node)
        text = "durward-batch-v1\n%s\n%d\n%d\n%s\n" % (self.origin, self.seq, len(records), b64(head))
        signature = self.key.sign(message(text) if message else text.encode())
        for k, entry in enumerate(records):
            path = [b64(item) for item in path_of(k, leaves, node)]
            entry["sig"] = {"kid": self.key.kid, "n": len(records), "i": k, "path": path, "s": b64(signature)}
            if sig:
                sig(entry["sig"], k)
            data = jcs(entry) + b"\n"
            self.lines.append(line(data, k) if line else data)
        self.seq += len(records)
        return self

    def bytes(self):
        return b"".join(self.lines)


def ulid(k):
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = int.from_bytes(hashlib.sha256(b"ulid %d" % k).digest()[:10], "big") | 0x019C0000000 + k << 80
    return "".join(alphabet[number >> shift & 31] for shift in range(125, -1, -5))


BOOT = {
    "type": "boot",
    "id": ulid(0),
    "facts": {"deadline_ms": 30000, "env": "test", "version": "0.1.0"},
}


def call(k, **more):
    body = {
        "type": "call",
        "id": ulid(k),
        "tenant": "acme",
        "tool": "files.read",
        "kind": "resource",
        "method": "tools/call",
        "verdict": "allow",
        "effect": "completed",
        "bytes_in": 100 + k,
        "latency_us": 1500 + 13 * k,
    }
    return {**body, **more}


def intent(k, **more):
    return {"type": "intent", "id": ulid(k), "tool": "files.write", "verdict": "allow", **more}


def outcome(k, **more):
    return {"type": "outcome", "id": ulid(k), "effect": "completed", "upstream_status": 200, **more}


def refusal(k):
    finding = {"code": "policy.denied", "severity": "high", "effect": "deny", "at": "/params/name", "rule": "r-%d" % k}
    return {"type": "refusal", "id": ulid(k), "verdict": "deny", "effect": "none", "findings": [finding], "rules": []}


STORY = [
    BOOT,
    call(1),
    intent(2),
    outcome(2),
    refusal(3),
    {"type": "session", "id": ulid(4), "agent": {"client": "c", "version": "1"}},
    {"type": "heartbeat", "id": ulid(5), "count": 0},
    {"type": "shutdown", "id": ulid(6)},
]


def good1():
    log = Writer()
    for body in STORY:
        log.batch([body])
    return log


def good2():
    log, k = Writer(), 10
    for size in (1, 2, 3, 5, 64):
        bodies = [call(k + j) if (k + j) % 3 else refusal(k + j) for j in range(size)]
        log.batch([BOOT] if size == 1 else bodies)
        k += size
    return log


def base():
    """Boot alone, a batch of 5, one of 3: what most of the damage is done to. Lines 1, 2..6, 7..9."""
    log = Writer()
    log.batch([BOOT])
    log.batch([call(1), intent(2), refusal(3), outcome(2), call(4)])
    log.batch([call(5), call(6), refusal(7)])
    return log


def middle(bodies=None, before=None, after=None, **hooks):
    """Boot, then a batch made with the hooks, then a whole one behind it."""
    log = Writer()
    log.batch([BOOT])
    if before:
        before(log)
    log.batch(bodies or [call(1), call(2), refusal(3)], **hooks)
    if after:
        after(log)
    return log.batch([call(8), call(9)]).bytes()


def only(number, change):
    """A hook for one record of the batch."""

    def hook(value, k):
        if k == number:
            change(value)

    return hook


def swap(old, new, number=1):
    """A hook on the finished bytes of one line; the replacement must happen."""

    def hook(data, k):
        if k != number:
            return data
        assert data.count(old) == 1, (old, data)
        return data.replace(old, new)

    return hook


def put(**members):
    return lambda value: value.update(members)


def flip(data, line, pattern, bit, group=1):
    """Flips a bit of the first byte of a group of a pattern in a line (from 1)."""
    lines = data.splitlines(keepends=True)
    match = re.search(pattern, lines[line - 1])
    changed = bytearray(lines[line - 1])
    changed[match.start(group)] ^= bit
    lines[line - 1] = bytes(changed)
    return b"".join(lines)


def pick(data, *numbers):
    lines = data.splitlines(keepends=True)
    return b"".join(lines[number - 1] for number in numbers)


def other_alphabet(text):
    """The same bytes of unpadded base64 by a spelling whose trailing bits are not zero."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = text.rstrip("=")
    return body[:-1] + letters[letters.index(body[-1]) + 1] + text[len(body) :]


# ------------------------------------------------------------------------------------------------------------ the vectors


def build():
    """{path: bytes} with the index."""
    files, index = {}, []

    def add(name, data, expect, why, key=KEY.text, origin=ORIGIN, reading=None):
        if isinstance(data, dict):
            for part, content in data.items():
                files["%s/%s" % (name, part)] = content
        else:
            name += ".ndjson"
            assert name not in files, name
            files[name] = data
        entry = {"file": name, "key": key, "origin": origin, "expect": expect, "why": why}
        if reading:
            entry["reading"] = reading
        index.append(entry)

    def again(name, expect, why, key=KEY.text, origin=ORIGIN, reading=None):
        entry = {"file": name, "key": key, "origin": origin, "expect": expect, "why": why}
        if reading:
            entry["reading"] = reading
        index.append(entry)

    b = base().bytes()
    g2 = good2().bytes()

    # Good.
    add("good-1", good1().bytes(), 0, "eight batches of one record")
    again("good-1.ndjson", 0, "no origin asked for", origin=None)
    again("good-1.ndjson", 1, "another origin asked for", origin="example.test/other")
    again("good-1.ndjson", 1, "judged by another key, to which nothing leads", key=OTHER.text, reading="kid")
    again("good-1.ndjson", 3, "no key", key=None)
    add("good-2", g2, 0, "batches of 1, 2, 3, 5 and 64")
    add("good-base", b, 0, "batches of 1, 5 and 3: what the damaged ones are made from")
    add("good-middle", middle(), 0, "what the signed damage is done to")
    sizes = Writer().batch([BOOT])
    for size in (4, 6, 7, 8, 9, 13):
        sizes.batch([call(100 + size * 20 + k) for k in range(size)])
    add("good-sizes", sizes.bytes(), 0, "batches of 1, 4, 6, 7, 8, 9 and 13")
    odd = {
        "\u20ac": "\u20ac", "\r": "cr", "\ufb33": "dalet", "1": "one", "\U0001f600": "smiley", "\x80": "c1", "\xf6": "o",
        "": "empty", "</script>": "/", "e\u0301": "not normalised", "\xe9": "composed", "\x7f": "\x7f\u2028\u2029\ufeff",
        "controls": "".join(map(chr, range(32))) + '"\\/', "largest": LARGEST, "least": -LARGEST, "zero": 0, "yes": True,
        "no": False, "none": {}, "nothing": [], "nested": [[[{"b": [], "a": {}}]]], "aa": 1, "a": 2, "A": 3, "sig": "inner",
    }  # fmt: skip
    add("good-jcs", middle([call(1), call(2, unknown_member=odd, zz=odd), call(3)]), 0, "members unknown, of every JCS spelling")
    deep = 1
    for _ in range(100):
        deep = [deep]
    add("good-nested", middle([call(1, facts={"deep": deep})]), 0, "an array nested 100 deep")
    later = Writer(origin="durward.invalid/0123456789abcdef0123456789abcdef")
    later.batch([BOOT]).batch([call(1)])
    add("good-origin-random", later.bytes(), 0, "an origin of the default form", origin=later.origin)
    add("good-cut-tail", pick(b, *range(1, 7)), 0, "the last batch cut off at its boundary: not to be seen without an anchor")
    add("good-later-start", pick(b, *range(2, 10)), 0, "a file that starts at seq 1", reading="start")

    def long_line(size):
        body = call(1, pad="")
        room = size - len(Writer().batch([BOOT]).batch([body]).lines[1])
        return Writer().batch([BOOT]).batch([call(1, pad="x" * room)]).batch([call(2)]).bytes()

    add("good-line-32768", long_line(32768), 0, "a line of 32768 bytes with its LF")
    add("bad-line-32769", long_line(32769), 1, "a line of 32769 bytes with its LF", reading="line")
    add("bad-line-32770", long_line(32770), 1, "a line of 32770 bytes with its LF")

    # Directories.
    one, two, three = pick(b, 1), pick(b, *range(2, 7)), pick(b, *range(7, 10))
    names = ["ledger-2026-03-01.009.ndjson", "ledger-2026-03-01.010.ndjson", "ledger-2026-03-02.000.ndjson"]
    add("dir-good", {**dict(zip(names, (one, two, three))), "ledger-2026-03-02.000.ndjson.bak": b"x"}, 0, "three segments and a file that is none")
    add("dir-missing", {names[0]: one, names[2]: three}, 1, "the middle segment is missing")
    add("dir-order", dict(zip(names, (one, three, two))), 1, "two segments changed places")
    add("dir-torn-end", dict(zip(names, (one, two, three[:-100]))), 3, "the last segment is torn")
    add("dir-torn-middle", dict(zip(names, (one, two[:-1], three))), 1, "an earlier segment has no LF at its end")
    straddle = (one, pick(b, 2, 3, 4), pick(b, 5, 6, 7, 8, 9))
    add("dir-straddle", dict(zip(names, straddle)), 1, "a batch crosses segments", reading="torn")
    add("dir-later-start", {names[1]: two, names[2]: three}, 3, "starts at seq 1 without a manifest", reading="start")

    # Bits flipped in a finished file. Line 4 is the third of five, line 1 a batch by itself.
    flips = {
        "v": (rb'"v":(1)', 2), "seq": (rb'"seq":(\d)', 1), "ts": (rb'"ts":"\d+-\d+-\d+T\d+:\d+:\d+\.\d\d(\d)', 1),
        "origin": (rb'"origin":"(e)', 2), "type": (rb'"type":"(\w)', 1), "id": (rb'"id":"\w{20}(\w)', 1),
        "prev": (rb'"prev":"(.)', 1), "name": (rb'"(i)d":', 32), "kid": (rb'"kid":"(.)', 1), "n": (rb'"n":(\d)', 2),
        "i": (rb'"i":(\d)', 1), "s-r": (rb'"s":"(.)', 1), "s-s": (rb'"s":"\S{60}(.)', 1), "brace": (rb"^(\{)", 1),
        "quote": (rb'(")ts"', 1), "colon": (rb'"ts"(:)', 1), "comma": (rb'(,)"ts"', 1), "lf": (rb"(\n)", 1),
        "high-bit": (rb'"id":"(\w)', 128), "sig-name": (rb'"(s)":', 32),
    }  # fmt: skip
    for name, (pattern, bit) in flips.items():
        add("bad-flip-%s-alone" % name, flip(b, 1, pattern, bit), 1, "a bit of %s flipped in a batch of one" % name)
        add("bad-flip-%s" % name, flip(b, 4, pattern, bit), 1, "a bit of %s flipped in a batch of five" % name)
    add("bad-flip-path", flip(b, 4, rb'"path":\["(.)', 1), 1, "a bit of the path flipped")
    add("bad-flip-finding", flip(b, 4, rb'"severity":"(h)', 1), 1, "a bit of a finding flipped")
    add("bad-flip-fact", flip(b, 1, rb'"deadline_ms":(3)', 1), 1, "a bit of a fact flipped")
    add("bad-flip-last", flip(b, 9, rb'"verdict":"(d)', 1), 1, "a bit of the last line flipped")
    add("bad-flip-last-lf", flip(b, 9, rb"(\n)", 1), 3, "a bit of the last LF flipped: a torn tail", reading="torn")

    # Lines moved.
    add("bad-swap-in-batch", pick(b, 1, 2, 4, 3, 5, 6, 7, 8, 9), 1, "two lines of a batch changed places")
    add("bad-swap-batches", pick(b, 1, 7, 8, 9, 2, 3, 4, 5, 6), 1, "two batches changed places")
    add("bad-interleaved", pick(b, 1, 2, 3, 7, 4, 5, 6, 8, 9), 1, "a line of one batch within another")
    add("bad-removed", pick(b, 1, 2, 3, 5, 6, 7, 8, 9), 1, "a line removed in the middle of a batch")
    add("bad-removed-first", pick(b, 1, 3, 4, 5, 6, 7, 8, 9), 1, "the first line of a batch removed")
    add("bad-removed-last-of-batch", pick(b, 1, 2, 3, 4, 5, 7, 8, 9), 1, "the last line of a batch removed, another batch behind it")
    add("bad-removed-batch", pick(b, 1, 7, 8, 9), 1, "a whole batch removed in the middle")
    add("bad-repeated-line", pick(b, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9), 1, "a line twice")
    add("bad-repeated-batch", pick(b, 1, 1, 2, 3, 4, 5, 6), 1, "a batch twice")
    add("bad-start-in-batch", pick(b, 3, 4, 5, 6, 7, 8, 9), 1, "starts within a batch")
    add("bad-other-log", Writer().batch([call(99)]).bytes() + pick(g2, 2, 3), 1, "goes on with a batch of another log of the same key")
    add("bad-line-of-other-log", pick(b, *range(1, 9)) + pick(Writer().batch([BOOT]).batch([call(k) for k in range(5)])
        .batch([call(5), call(6), call(77)]).bytes(), 9), 1, "the last line comes from another log of the same key")  # fmt: skip

    # The chain, signed over.
    zeros = b64(bytes(32))
    add("bad-prev", middle(record=only(1, put(prev=zeros))), 1, "prev wrong within a batch, signed")
    add("bad-prev-first", middle(record=only(0, put(prev=zeros))), 1, "prev wrong at the start of a batch, signed")
    add("bad-prev-with-sig", prev_over_line(), 1, "prev hashes the record with its sig")
    add("bad-genesis", Writer(prev=zeros).batch([BOOT]).bytes(), 1, "the first prev is not the genesis")
    other_genesis = b64(hashlib.sha256(b"durward-genesis-v1\nexample.test/other").digest())
    add("bad-genesis-origin", Writer(prev=other_genesis).batch([BOOT]).bytes(), 1, "the first prev is another origin's genesis")
    add("bad-origin-changes", origin_changes(), 1, "origin changes at a batch boundary, signed", origin=None)
    for name, origin in (
        ("durward", "durward-x/y"), ("cosignature", "cosignature/v1"), ("upper", "Example.test"), ("short", "ab"),
        ("long", "a" * 128), ("space", "a b c"), ("dash", "-abc"),
    ):  # fmt: skip
        add("bad-origin-" + name, Writer(origin=origin).batch([BOOT]).bytes(), 1, "origin %s, signed" % origin[:20], origin=None)
    add("good-origin-127", Writer(origin="a" * 127).batch([BOOT]).bytes(), 0, "an origin of 127 characters", origin=None)
    add("bad-seq-gap", middle(before=lambda log: setattr(log, "seq", 2)), 1, "seq jumps, signed")
    add("bad-seq-repeats", middle(before=lambda log: setattr(log, "seq", 0)), 1, "seq repeats, signed")
    add("bad-seq-in-batch", middle(record=only(1, put(seq=7))), 1, "seq jumps within a batch, signed")
    add("bad-seq-negative", Writer(seq=-1).batch([BOOT]).bytes(), 1, "seq starts at -1, signed")
    add("bad-seq-less-than-i", pick(Writer(seq=-1).batch([BOOT, call(1)]).bytes(), 1, 2), 1, "first seq is -1, signed")

    # sig.
    def grow(sig):
        sig["path"] = sig["path"] + [zeros]

    def shrink(sig):
        sig["path"] = sig["path"][:-1]

    add("bad-path-long", middle(sig=only(1, grow)), 1, "path too long")
    add("bad-path-long-alone", middle([call(1)], sig=only(0, grow)), 1, "a path in a batch of one")
    add("bad-path-short", middle(sig=only(1, shrink)), 1, "path too short")
    add("bad-path-wrong", middle(sig=only(1, lambda sig: sig["path"].reverse())), 1, "path in the wrong order")
    add("bad-path-element", middle(sig=only(2, lambda sig: sig["path"].__setitem__(0, zeros))), 1, "an element of the path wrong")
    add("bad-path-long-last", middle(sig=only(2, grow)), 1, "path of the last line of three too long: it has one element")
    add("bad-i-all-zero", middle(sig=lambda sig, k: sig.update(i=0)), 1, "i is 0 in all lines")
    add("bad-i-equals-n", middle([call(1)], sig=only(0, put(i=1))), 1, "i equals n")
    add("bad-i-negative", middle([call(1)], sig=only(0, put(i=-1))), 1, "i is -1")
    add("bad-n-zero", middle([call(1)], sig=only(0, put(n=0))), 1, "n is 0")
    add("bad-n-large", middle([call(1)], sig=only(0, put(n=4097, path=[zeros] * 13))), 1, "n is 4097")
    add("bad-n-differs", middle(sig=only(1, put(n=4))), 1, "n differs within a batch")
    add("bad-n-signed", middle(message=lambda text: text.replace("\n3\n", "\n4\n").encode()), 1, "another n signed")
    add("bad-kid", middle([call(1)], sig=only(0, put(kid="0123456789abcdef"))), 1, "kid wrong, the signature right")
    add("bad-kid-first", Writer().batch([BOOT], sig=only(0, put(kid="0123456789abcdef"))).bytes(), 1, "kid of the first line wrong", reading="kid")
    add("bad-kid-in-batch", middle(sig=only(1, put(kid=OTHER.kid))), 1, "kid differs within a batch")
    add("bad-kid-upper", middle([call(1)], sig=only(0, put(kid=KEY.kid.upper()))), 1, "kid in upper case")
    add("bad-kid-long", middle([call(1)], sig=only(0, put(kid=hashlib.sha256(KEY.public).hexdigest()))), 1, "kid is the whole digest")
    assert KEY.kid != KEY.kid.upper()
    other_key = dict(before=lambda log: setattr(log, "key", OTHER), after=lambda log: setattr(log, "key", KEY))
    add("bad-resigned", middle([call(1)], **other_key), 1, "a batch signed by another key under its own kid")
    add("bad-resigned-kid", middle([call(1)], sig=only(0, put(kid=KEY.kid)), **other_key), 1, "a batch signed by another key under the right kid")
    add("bad-resigned-all", Writer(OTHER).batch([BOOT]).batch([call(1)]).bytes(), 1, "the whole log signed by another key", reading="kid")
    add("bad-s-differs", middle(sig=only(1, put(s=b64(KEY.sign(b"x"))))), 1, "s differs within a batch")
    add("bad-s-zero", middle([call(1)], sig=only(0, put(s=b64(bytes(64))))), 1, "s is 64 zero bytes")
    add("bad-s-short", middle([call(1)], sig=only(0, put(s=b64(bytes(63))))), 1, "s is 63 bytes")

    def malleable(sig):
        raw = base64.b64decode(sig["s"])
        sig["s"] = b64(raw[:32] + (int.from_bytes(raw[32:], "little") + verifier.L).to_bytes(32, "little"))

    add("bad-s-malleable", middle([call(1)], sig=only(0, malleable)), 1, "S + L instead of S")
    for name, old, new in (
        ("no-lf", None, None), ("version", "-v1", "-v2"), ("origin", ORIGIN, "example.test/other"), ("first", "\n1\n3\n", "\n0\n3\n"),
        ("label", "durward-batch", "durward-segment"),
    ):  # fmt: skip
        change = (lambda text: text[:-1].encode()) if old is None else (lambda text, old=old, new=new: text.replace(old, new).encode())
        add("bad-message-" + name, middle(message=change), 1, "signed: another message (%s)" % name)
    add("bad-message-hex", middle(message=hex_root), 1, "signed: the root in hex")
    for name in ("kid", "n", "i", "path", "s"):
        add("bad-sig-no-" + name, middle([call(1)], sig=only(0, lambda sig, name=name: sig.pop(name))), 1, "sig without " + name)
    add("bad-sig-more", middle(sig=only(1, put(x=1))), 1, "an unknown member in sig, which no leaf covers", reading="sig")
    add("bad-sig-n-text", middle([call(1)], sig=only(0, put(n="1"))), 1, "n is a string")
    add("bad-sig-i-false", middle([call(1)], sig=only(0, put(i=False))), 1, "i is false")
    add("bad-sig-path-number", middle(sig=only(1, lambda sig: sig["path"].__setitem__(0, 1))), 1, "a number in path")
    add("bad-sig-path-object", middle([call(1)], sig=only(0, put(path={}))), 1, "path is an object")
    add("bad-sig-array", middle(line=lambda data, k: re.sub(rb'"sig":\{.*?\},', b'"sig":[],', data)), 1, "sig is an array")
    add("bad-sig-missing", middle(line=lambda data, k: re.sub(rb'"sig":\{.*?\},', b"", data) if k == 1 else data), 1, "no sig")

    # The tree.
    add("bad-tree-node-prefix", middle(node=lambda a, c: hashlib.sha256(a + c).digest()), 1, "nodes hashed without 0x01")
    add("bad-tree-leaf-prefix", middle(leaf=lambda data: hashlib.sha256(data).digest()), 1, "leaves hashed without 0x00")
    add("bad-tree-padded", middle(root=padded_root), 1, "an odd node paired with itself")

    # Records, signed over as they are.
    for name in ("v", "seq", "ts", "origin", "type", "prev"):
        add("bad-no-" + name, middle(record=only(1, lambda entry, name=name: entry.pop(name))), 1, "no " + name, reading="members")
    add("bad-v", middle(record=only(1, put(v=2))), 1, "v is 2")
    add("bad-v-true", middle(record=only(1, put(v=True))), 1, "v is true")
    for name, ts in (
        ("no-millis", "2026-03-01T10:00:00Z"), ("offset", "2026-03-01T10:00:00.000+00:00"), ("month", "2026-13-01T10:00:00.000Z"),
        ("micro", "2026-03-01T10:00:00.000000Z"), ("lower", "2026-03-01t10:00:00.000z"),
    ):  # fmt: skip
        add("bad-ts-" + name, middle(record=only(1, put(ts=ts))), 1, "ts is " + ts)
    add("bad-null", middle(record=only(1, put(tool=None))), 1, "a null member")
    add("bad-null-nested", middle(record=only(1, put(facts={"a": [1, None]}))), 1, "null in an array", reading="null")
    add("bad-float", middle(record=only(1, put(count=0.5))), 1, "a number that is not an integer, in its JCS form")
    add("bad-float-large", middle(record=only(1, put(count=1e21)), line=swap(b"1e+21", b"1e+21")), 1, "1e+21")
    add("bad-integer-large", middle(record=only(1, put(count=2**53))), 1, "2^53")
    add("bad-integer-least", middle(record=only(1, put(count=-(2**53)))), 1, "-2^53")
    add("bad-prev-base64-bits", middle(record=only(0, lambda entry: put(prev=other_alphabet(entry["prev"]))(entry))), 1, "prev: trailing bits not zero")
    add("bad-prev-unpadded", middle(record=only(0, lambda entry: put(prev=entry["prev"].rstrip("="))(entry))), 1, "prev: no padding")
    add("bad-s-base64-bits", middle(sig=lambda sig, k: sig.update(s=other_alphabet(sig["s"]))), 1, "s: trailing bits not zero")
    add("bad-s-unpadded", middle(sig=lambda sig, k: sig.update(s=sig["s"].rstrip("="))), 1, "s: no padding")
    urlsafe = middle(sig=lambda sig, k: sig.update(s=sig["s"].replace("+", "-").replace("/", "_")))
    assert urlsafe != middle()
    add("bad-s-urlsafe", urlsafe, 1, "s: the URL alphabet")
    add("bad-s-space", middle(sig=lambda sig, k: sig.update(s=sig["s"] + " ")), 1, "s: a space behind it")
    add("bad-s-newline", middle(sig=lambda sig, k: sig.update(s=sig["s"][:76] + "\n" + sig["s"][76:])), 1, "s: wrapped")
    # One character of UTF-8 in the place of two digits that a decoder by sign-extended bytes reads as the last digit, twice.
    slashes = next(log for k in range(1000) if b'//' in (log := Writer().batch([call(k)])).lines[0])
    assert slashes.lines[0].count(b"//") == 1
    add("bad-s-not-ascii", slashes.bytes().replace(b"//", "\u00e9".encode()), 1, "s: a character beyond ASCII for two digits")
    add("bad-path-base64-bits", middle(sig=only(1, lambda sig: sig["path"].__setitem__(0, other_alphabet(sig["path"][0])))), 1, "path: trailing bits not zero")
    add("bad-path-unpadded", middle(sig=only(1, lambda sig: sig["path"].__setitem__(0, sig["path"][0].rstrip("=")))), 1, "path: no padding")

    # Lines that are not the JCS of what they parse to; the leaf and the signature are those of the JCS.
    word = [call(1), call(2, tool="A/b"), call(3, count=100)]
    add("good-text", middle(word), 0, "what the other spellings are made from")
    for name, old, new, why in (
        ("space", b'"tool":', b'"tool": ', "white space behind a colon"),
        ("space-first", b'{"bytes_in"', b'{ "bytes_in"', "white space behind a brace"),
        ("space-end", b"}\n", b"} \n", "white space at the end"),
        ("space-start", b'{"bytes_in"', b' {"bytes_in"', "white space at the start"),
        ("crlf", b"}\n", b"}\r\n", "CR LF"),
        ("bom", b'{"bytes_in"', b'\xef\xbb\xbf{"bytes_in"', "a byte order mark"),
        ("escape-letter", b'"A/b"', b'"\\u0041/b"', "a letter escaped"),
        ("escape-slash", b'"A/b"', b'"A\\/b"', "a slash escaped"),
        ("escape-name", b'"tool"', b'"t\\u006fol"', "a letter of a name escaped"),
        ("escape-surrogate", b'"A/b"', b'"\\ud800"', "half a surrogate pair"),
        ("escape-pair", b'"A/b"', b'"\\ud83d\\ude00"', "a surrogate pair escaped"),
        ("utf8-overlong", b'"A/b"', b'"A\xc0\xafb"', "an overlong slash"),
        ("utf8-surrogate", b'"A/b"', b'"\xed\xa0\x80"', "a surrogate in UTF-8"),
        ("utf8-cut", b'"A/b"', b'"A\xe2\x82"', "a cut character"),
        ("utf8-beyond", b'"A/b"', b'"\xf4\x90\x80\x80"', "a character beyond U+10FFFF"),
        ("control", b'"A/b"', b'"A\tb"', "a control character in a string"),
        ("order", b'"tenant":"acme","tool":"A/b"', b'"tool":"A/b","tenant":"acme"', "members out of order"),
        ("order-sig", b'"i":1,"kid"', b'"kid"', "members of sig out of order"),
        ("duplicate", b'"tool":"A/b"', b'"tool":"A/b","tool":"A/b"', "a member twice"),
        ("duplicate-other", b'"tool":"A/b"', b'"tool":"other","tool":"A/b"', "a member twice with different values"),
        ("duplicate-sig", b'"i":1,', b'"i":1,"i":1,', "a member of sig twice"),
        ("comma", b'"allow"}', b'"allow",}', "a comma too many"),
        ("garbage", b'"allow"}', b'"allow"}{}', "something behind the object"),
        ("literal", b'"v":1', b'"v":True', "True"),
        ("unclosed", b'"allow"}', b'"allow"', "an object not closed"),
        ("nan", b'"v":1', b'"v":NaN', "NaN"),
    ):  # fmt: skip
        hook = swap(old, new)
        if name == "order-sig":
            hook = lambda data, k: re.sub(rb'("i":1),("kid":"[0-9a-f]+")', rb"\2,\1", data)  # noqa: E731
        add("bad-text-" + name, middle(word, line=hook), 1, why)
    for name, new in (("dot", b"100.0"), ("exponent", b"1e2"), ("zero", b"0100"), ("plus", b"+100"), ("exponent-plus", b"1E+2")):
        add("bad-number-" + name, middle(word, line=swap(b'"count":100', b'"count":' + new, 2)), 1, "100 as " + new.decode())
    minus = middle([call(1, count=0)], line=swap(b'"count":0', b'"count":-0', 0))
    add("bad-number-minus-zero", minus, 1, "0 as -0")
    controls = [call(1, tool="\x1f\n")]
    for name, new in (("escape-upper", b'"\\u001F\\n"'), ("escape-long", b'"\\u001f\\u000a"')):
        add("bad-text-" + name, middle(controls, line=swap(b'"\\u001f\\n"', new, 0)), 1, "another escape than JCS writes")
    points = [call(1, facts={"\U0001f600": 1, "\ufb33": 2})]
    pair = '"\U0001f600":1', '"\ufb33":2'
    by_points = swap(",".join(pair).encode(), ",".join(pair[::-1]).encode(), 0)
    add("bad-text-order-points", middle(points, line=by_points), 1, "members in the order of code points instead of UTF-16 units")
    add("bad-empty-line", pick(b, 1) + b"\n" + pick(b, *range(2, 10)), 1, "an empty line")
    add("bad-empty-line-end", b + b"\n", 1, "an empty line at the end")
    add("bad-array", pick(b, 1) + b"[" + pick(b, 2)[:-1] + b"]\n", 1, "a line that is an array")
    add("bad-garbage-line", pick(b, 1) + b"garbage\n" + pick(b, *range(2, 10)), 1, "a line of garbage")
    add("bad-two-in-one", b.replace(b"}\n{", b"}{", 1), 1, "two records in a line")

    # Torn tails and what else can't be decided.
    add("torn-empty", b"", 3, "empty")
    add("dir-empty", {"ledger-2026-03-01.000.ndjson": b""}, 3, "a directory with an empty segment")
    add("torn-lines", pick(b, *range(1, 9)), 3, "the last batch lacks its last line")
    add("torn-lines-one", pick(b, *range(1, 8)), 3, "the last batch has its first line only")
    add("torn-first-batch", pick(good2().bytes(), 1, 2), 3, "one line of a batch of two behind a whole batch")
    add("torn-only", Writer().batch([BOOT, call(1)]).lines[0], 3, "nothing but a part of a batch")
    add("torn-lf", b[:-1], 3, "the last LF is missing")
    add("torn-half-line", b[:-200], 3, "the last line is cut")
    add("torn-one-byte", b + b"{", 3, "the first byte of another batch")
    add("torn-half-first", pick(b, 1)[:100], 3, "nothing but a cut line")
    add("torn-zeros", b + bytes(4096), 3, "zeros behind the last line", reading="torn")
    add("torn-garbage", b + b"\xff\xfe garbage", 3, "garbage without LF behind the last line", reading="torn")
    add("bad-torn-then-batch", pick(b, 1, 2, 3, 7, 8, 9), 1, "a torn batch with another behind it")
    add("bad-torn-earlier", flip(pick(b, *range(1, 9)), 4, rb'"id":"\w{20}(\w)', 1), 1, "a torn tail behind an invalid batch")
    add("bad-torn-line", flip(pick(b, *range(1, 9)), 8, rb'"id":"\w{20}(\w)', 1), 1, "a torn tail whose last line does not verify alone", reading="torn")
    add("bad-torn-last-lf-only", flip(b, 7, rb'"id":"\w{20}(\w)', 1)[:-1], 1, "the last LF is missing and an earlier line of that batch was altered")
    claimed = Writer().batch([BOOT], sig=only(0, put(n=2, path=[zeros])))
    add("bad-torn-claimed", claimed.bytes(), 1, "a batch of one that claims to be torn", reading="torn")

    def intents(*batches):
        log = Writer()
        for bodies in batches:
            log.batch(bodies)
        return log.bytes()

    add("open-old", intents([BOOT], [intent(1)], [call(2, wait=30001)]), 3, "an intent without outcome 1 ms older than the deadline")
    add("open-young", intents([BOOT], [intent(1)], [call(2, wait=30000)]), 0, "an intent without outcome just as old as the deadline", reading="intents")
    add("open-closed", intents([BOOT], [intent(1)], [outcome(1, wait=60000)], [call(2)]), 0, "an outcome that came late")
    add("open-other", intents([BOOT], [intent(1)], [outcome(3, wait=60000)], [call(2)]), 3, "the outcome is that of another intent")
    add("open-no-boot", intents([call(5)], [intent(1)], [call(2)]), 3, "an open intent, and no boot states a deadline", reading="intents")
    add("open-closed-no-boot", intents([call(5)], [intent(1)], [outcome(1)]), 0, "no boot, and no open intent")
    short = {**BOOT, "facts": {"deadline_ms": 100}}
    add("open-boots", intents([short], [intent(1)], [BOOT], [call(2, wait=1000)]), 3, "the deadline is that of the boot before the intent", reading="intents")
    add("bad-open", flip(intents([BOOT], [intent(1)], [call(2, wait=30001)]), 3, rb'"id":"\w{20}(\w)', 1), 1, "an open intent and an invalid line")

    # Keys.
    rotation = {"type": "key", "id": ulid(50)}

    def rotated(record):
        log = Writer().batch([BOOT]).batch([record])
        log.key = OTHER
        return log.batch([call(1), call(2)]).batch([call(3)])

    add("key-rotated", rotated(rotation).bytes(), 3, "a key record (its members are not fixed yet), then another key", reading="kid")
    again("key-rotated.ndjson", 3, "judged by the later key only", key=OTHER.text, reading="kid")
    again("key-rotated.ndjson", 1, "judged by a key that nothing leads to", key=Key("three").text, reading="kid")
    add("bad-key-no-record", rotated(call(50)).bytes(), 1, "another key without a key record")
    back = rotated(rotation)
    back.batch([rotation]).key = KEY
    add("bad-key-back", back.batch([call(5)]).bytes(), 1, "a key used again after it was handed over", reading="kid")
    add("bad-key-chain", flip(rotated(rotation).bytes(), 4, rb'"prev":"(.)', 1), 1, "a wrong prev behind a handover")

    # The bytes must survive a checkout.
    files[".gitattributes"] = b"* -text\n"
    # One line for each entry, so that a change shows.
    rows = ",\n".join(json.dumps(entry, ensure_ascii=True) for entry in index)
    files["index.json"] = ("[\n%s\n]\n" % rows).encode()
    return files


def prev_over_line():
    log = Writer().batch([BOOT])
    log.prev = b64(leaf_hash(log.lines[-1][:-1]))
    return log.batch([call(1)]).bytes()


def origin_changes():
    log = Writer().batch([BOOT])
    log.origin = "example.test/other"
    return log.batch([call(1)]).bytes()


def hex_root(text):
    head, root = text[:-1].rsplit("\n", 1)
    return ("%s\n%s\n" % (head, base64.b64decode(root).hex())).encode()


def default_directory():
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors", "ledger"))


def main(directory):
    files = build()
    for name, data in files.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    print("%d files, %d bytes" % (len(files), sum(map(len, files.values()))))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else default_directory())
