#!/usr/bin/env python3
"""An independent verifier of Durward ledgers.

Written from the ledger page, RFC 8785, RFC 6962 and RFC 8032 alone, with nothing but the standard library, so that
two readings of the format can be held against each other.

    independent_verifier.py --key BASE64_RAW_PUBLIC_KEY [--origin ORIGIN] PATH...

PATH is a ledger directory (its ledger-YYYY-MM-DD.NNN.ndjson segments by date and number) or files, in the order given.
Exit codes: 0 valid, 1 invalid, 2 usage or I/O, 3 inconclusive.

Readings taken where the page leaves room (each on the cautious side: never "valid" by doubt)
  line      32 KiB count the LF, since "a line is JCS(record) || LF".  There is no limit of nesting besides.
  null      invalid at any depth, in arrays too.
  members   v = 1, seq, ts, origin, type, prev and sig must stand in every record, id (a string) in intent and outcome.
            Other members, and unknown types, are hashed and otherwise ignored.
  sig       exactly {kid, n, i, path, s}.  It is not covered by the leaf, so that an unknown member in it would be
            a place where a line can be altered unseen.
  torn      bytes behind the last LF of the last file that holds anything are a torn tail, whatever they are (zeros of a
            preallocated segment too), and so is a last batch with fewer than n lines.  Lines of that batch which are
            whole are still judged, each alone; a bad one is invalid.  At the end of an earlier file both are invalid:
            a batch does not cross files.
  start     files may start at any batch (A in "seq A..B" says where).  For a directory that starts later the page wants
            a signed manifest, whose form it does not fix: inconclusive.
  kid       a kid other than that of the key given is invalid, unless a `key` record later hands over to the given key
            (earlier records: inconclusive) or one before handed over from it (later records: inconclusive).  Form and
            chain are still judged there.  The members of a `key` record are not fixed, so that a log with one is never
            better than inconclusive.  A kid that changes without a `key` record just before, or that comes back after
            it was handed over, is invalid.
  intents   age is measured against the latest ts in the log, not against today's clock, so that the answer for given
            bytes never changes; the deadline is that of the last boot before the intent.  Without one, an open intent
            is inconclusive.
  Ed25519   the equation without cofactor, S < L, canonical A and R; a key of small order is refused as a usage error.
"""

import argparse
import base64
import datetime
import functools
import hashlib
import os
import re
import sys

VALID, INVALID, USAGE, INCONCLUSIVE = 0, 1, 2, 3

MAX_LINE = 32 * 1024
MAX_BATCH = 4096
MAX_INTEGER = 2**53 - 1


class Bad(Exception):
    """A line, a batch or a log that breaks the format; the text says how."""


# ---------------------------------------------------------------------------------------------------- Ed25519, RFC 8032

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def _add(a, b):
    """Sum of two points in extended coordinates (RFC 8032, 5.1.4); complete, so that it doubles too."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m = (y1 - x1) * (y2 - x2) % P
    n = (y1 + x1) * (y2 + x2) % P
    c = 2 * t1 * t2 * D % P
    d = 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def _decode_point(data):
    """The point of 32 bytes (RFC 8032, 5.1.3), or None."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * SQRT_M1 % P
        if v * x * x % P != u:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _encode_point(point):
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def _table(point):
    """table[w][j] = j * 16^w * point as (y + x, y - x, 2dxy), for sums of 64 additions without a doubling."""
    rows = []
    for _ in range(64):
        row = [IDENTITY]
        for _ in range(15):
            row.append(_add(row[-1], point))
        rows.append(row)
        point = _add(row[15], point)
    flat = [entry for row in rows for entry in row]
    products = [1]
    for entry in flat:
        products.append(products[-1] * entry[2] % P)
    inverse = pow(products[-1], -1, P)
    affine = [None] * len(flat)
    for k in range(len(flat) - 1, -1, -1):
        x, y, z, _ = flat[k]
        own = inverse * products[k] % P
        inverse = inverse * z % P
        x, y = x * own % P, y * own % P
        affine[k] = ((y + x) % P, (y - x) % P, 2 * D * x * y % P)
    return [affine[k : k + 16] for k in range(0, len(flat), 16)]


def _accumulate(point, table, scalar):
    """point + scalar * (the point of the table)."""
    x, y, z, t = point
    for row in table:
        digit = scalar & 15
        scalar >>= 4
        if digit:
            plus, minus, t2d = row[digit]
            m = (y - x) * minus % P
            n = (y + x) * plus % P
            c = t * t2d % P
            d = 2 * z
            e, f, g, h = n - m, d - c, d + c, n + m
            x, y, z, t = e * f % P, g * h % P, f * g % P, e * h % P
    return x, y, z, t


@functools.lru_cache(maxsize=1)
def _base_table():
    return _table(_decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little")))


@functools.lru_cache(maxsize=16)
def _negated_table(public):
    """The table of -A, or None where the key isn't one."""
    point = _decode_point(public) if len(public) == 32 else None
    if point is None:
        return None
    eight = point
    for _ in range(3):
        eight = _add(eight, eight)
    if eight[0] % P == 0 and (eight[1] - eight[2]) % P == 0:
        return None
    return _table((P - point[0], point[1], 1, P - point[3]))


def ed25519_usable(public):
    return _negated_table(public) is not None


def ed25519_verify(public, message, signature):
    table = _negated_table(public)
    if table is None or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return _encode_point(_accumulate(_accumulate(IDENTITY, _base_table(), s), table, k)) == signature[:32]


def ed25519_base_multiple(scalar):
    """The encoding of scalar * B: all that a signer needs besides (the vectors are made with it)."""
    return _encode_point(_accumulate(IDENTITY, _base_table(), scalar))


# ------------------------------------------------------------------------------------------------------- JCS, RFC 8785

_STRING = re.compile(r'"([^"\\\x00-\x1f]*+(?:\\(?:["\\bfnrt]|u00[01][0-9a-f])[^"\\\x00-\x1f]*+)*+)"')
_ESCAPE = re.compile(r"\\(u....|.)")
_SHORT = {'"': '"', "\\": "\\", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_NUMBER = re.compile(r"[-+.0-9eE]+")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")


def _unescape(match):
    token = match[1]
    if token[0] != "u":
        return _SHORT[token]
    char = chr(int(token[1:], 16))
    if char in "\b\t\n\f\r":
        raise Bad("not canonical: \\%s has a short escape" % token)
    return char


def _string(text, pos):
    match = _STRING.match(text, pos)
    if match is None:
        raise Bad("not canonical JSON: bad string")
    body = match[1]
    return (_ESCAPE.sub(_unescape, body) if "\\" in body else body), match.end()


def parse_canonical(text):
    """The object that `text` is the JCS of, and (name, start, end) of its own members; Bad if it isn't canonical.

    It recognises the canonical form itself instead of writing the value again: no white space, members strictly ascending
    by UTF-16 code units (so that none repeats), the one spelling of each string, integers only. It keeps its own stack:
    depth is limited by the length of a line alone.
    """
    stack = []  # of [container, name of the member at hand, its sort key, where it starts]
    spans = []
    pos = 0
    if not text.startswith("{"):
        raise Bad("not a JSON object")

    def member(frame, pos):
        start = pos
        name, pos = _string(text, pos)
        order = name.encode("utf-16-be")
        if frame[2] is not None and order <= frame[2]:
            raise Bad("member repeated" if name in frame[0] else "not canonical: members out of order")
        if text[pos : pos + 1] != ":":
            raise Bad("not canonical JSON: no colon after a name")
        frame[1], frame[2], frame[3] = name, order, start
        return pos + 1

    while True:
        char = text[pos : pos + 1]
        if char == '"':
            value, pos = _string(text, pos)
        elif char == "{":
            value = {}
            if text[pos + 1 : pos + 2] != "}":
                stack.append([value, None, None, None])
                pos = member(stack[-1], pos + 1)
                continue
            pos += 2
        elif char == "[":
            value = []
            if text[pos + 1 : pos + 2] != "]":
                stack.append([value, None, None, None])
                pos += 1
                continue
            pos += 2
        elif text.startswith("true", pos):
            value, pos = True, pos + 4
        elif text.startswith("false", pos):
            value, pos = False, pos + 5
        elif text.startswith("null", pos):
            raise Bad("null is never written")
        else:
            match = _NUMBER.match(text, pos)
            if match is None:
                raise Bad("not canonical JSON: no value")
            if not _INTEGER.fullmatch(match[0]) or abs(int(match[0])) > MAX_INTEGER:
                raise Bad("a number that is not a canonical integer within 2^53-1")
            value, pos = int(match[0]), match.end()

        while stack:
            frame = stack[-1]
            container = frame[0]
            char = text[pos : pos + 1]
            if isinstance(container, dict):
                container[frame[1]] = value
                if len(stack) == 1:
                    spans.append((frame[1], frame[3], pos))
                if char == ",":
                    pos = member(frame, pos + 1)
                    break
                if char != "}":
                    raise Bad("not canonical JSON: bad object")
            else:
                container.append(value)
                if char == ",":
                    pos += 1
                    break
                if char != "]":
                    raise Bad("not canonical JSON: bad array")
            value = container
            stack.pop()
            pos += 1
        else:
            if pos != len(text):
                raise Bad("not canonical JSON: something behind the object")
            return value, spans


# ------------------------------------------------------------------------------------------- RFC 6962 trees of one batch


def _node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_levels(leaves):
    """The levels of the tree from the leaves up to the root; a node without a sibling moves up as it is."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        level = levels[-1]
        above = [_node(level[k], level[k + 1]) for k in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        levels.append(above)
    return levels


def path_length(i, n):
    length, last = 0, n - 1
    while last:
        if i ^ 1 <= last:
            length += 1
        i >>= 1
        last >>= 1
    return length


def root_from_path(leaf, i, n, path):
    """The root that a leaf's path leads to; the length of the path has been checked."""
    node, last, rest = leaf, n - 1, iter(path)
    while last:
        if i & 1:
            node = _node(next(rest), node)
        elif i < last:
            node = _node(node, next(rest))
        i >>= 1
        last >>= 1
    return node


# --------------------------------------------------------------------------------------------------------------- a line

_ORIGIN = re.compile(r"[a-z0-9][a-z0-9./-]{2,126}")
_TS = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z")
_KID = re.compile(r"[0-9a-f]{16}")
_BASE64_32 = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")  # the last character's two spare bits are zero
_BASE64_64 = re.compile(r"[A-Za-z0-9+/]{85}[AQgw]==")  # and its four
_EPOCH = datetime.datetime(1970, 1, 1)


def valid_origin(origin):
    return bool(_ORIGIN.fullmatch(origin)) and not origin.startswith(("durward-", "cosignature"))


def key_id(public):
    return hashlib.sha256(public).hexdigest()[:16]


def genesis(origin):
    return base64.b64encode(hashlib.sha256(b"durward-genesis-v1\n" + origin.encode()).digest()).decode()


def signed_message(origin, first, n, root):
    return ("durward-batch-v1\n%s\n%d\n%d\n%s\n" % (origin, first, n, base64.b64encode(root).decode())).encode()


def _milliseconds(ts):
    match = _TS.fullmatch(ts)
    if match is None:
        raise Bad("ts is not YYYY-MM-DDTHH:MM:SS.mmmZ")
    year, month, day, hour, minute, second, milli = map(int, match.groups())
    try:
        moment = datetime.datetime(year, month, day, hour, minute, second, milli * 1000)
    except ValueError:
        raise Bad("ts is no moment") from None
    return (moment - _EPOCH) // datetime.timedelta(milliseconds=1)


class Line:
    """One line that is well formed by itself; the signature isn't judged here."""

    def __init__(self, raw):
        if len(raw) > MAX_LINE:
            raise Bad("longer than 32 KiB")
        if not raw.endswith(b"\n"):
            raise Bad("no LF at the end")
        try:
            text = raw[:-1].decode("utf-8")
        except UnicodeDecodeError:
            raise Bad("not UTF-8") from None
        record, spans = parse_canonical(text)

        def take(name, kind, where=record):
            value = where.get(name)
            if type(value) is not kind:  # not isinstance: True is no 1
                raise Bad("%s is missing or of the wrong type" % name)
            return value

        if take("v", int) != 1:
            raise Bad("v is not 1")
        self.seq = take("seq", int)
        if self.seq < 0:
            raise Bad("seq is negative")
        self.ts = _milliseconds(take("ts", str))
        self.origin = take("origin", str)
        if not valid_origin(self.origin):
            raise Bad("origin is not allowed")
        self.type = take("type", str)
        self.id = take("id", str) if self.type in ("intent", "outcome") else None
        self.prev = take("prev", str)
        if not _BASE64_32.fullmatch(self.prev):
            raise Bad("prev is not the base64 of 32 bytes")

        sig = take("sig", dict)
        if sig.keys() != {"kid", "n", "i", "path", "s"}:
            raise Bad("sig does not have exactly the members kid, n, i, path, s")
        self.kid = take("kid", str, sig)
        if not _KID.fullmatch(self.kid):
            raise Bad("kid is not 16 lower-case hex digits")
        self.n = take("n", int, sig)
        if not 1 <= self.n <= MAX_BATCH:
            raise Bad("n is not within 1..4096")
        self.i = take("i", int, sig)
        if not 0 <= self.i < self.n:
            raise Bad("i is not within 0..n-1")
        if self.i > self.seq:
            raise Bad("i is greater than seq")
        self.path = take("path", list, sig)
        if not all(type(item) is str and _BASE64_32.fullmatch(item) for item in self.path):
            raise Bad("path does not hold the base64 of 32 bytes each")
        if len(self.path) != path_length(self.i, self.n):
            raise Bad("path has %d elements, not %d" % (len(self.path), path_length(self.i, self.n)))
        self.s = take("s", str, sig)
        if not _BASE64_64.fullmatch(self.s):
            raise Bad("s is not the base64 of 64 bytes")

        self.deadline = None
        if self.type == "boot":
            facts = record.get("facts")
            deadline = facts.get("deadline_ms") if type(facts) is dict else None
            if type(deadline) is int and deadline >= 0:
                self.deadline = deadline

        unsigned = "{" + ",".join(text[a:b] for name, a, b in spans if name != "sig") + "}"
        self.leaf = hashlib.sha256(b"\x00" + unsigned.encode()).digest()

    def root(self):
        return root_from_path(self.leaf, self.i, self.n, [base64.b64decode(item) for item in self.path])

    def signature_holds(self, key, root):
        return ed25519_verify(key, signed_message(self.origin, self.seq - self.i, self.n, root), base64.b64decode(self.s))


def verify_line(raw, key, origin=None):
    """A line alone, away from its log: (code, message)."""
    try:
        line = Line(raw)
        if origin is not None and line.origin != origin:
            raise Bad("origin is not the one asked for")
        if key is None:
            return INCONCLUSIVE, "inconclusive: no key"
        if line.kid != key_id(key):
            raise Bad("kid is not that of the key")
        if not line.signature_holds(key, line.root()):
            raise Bad("the signature does not hold")
    except Bad as bad:
        return INVALID, "invalid: %s" % bad
    return VALID, "valid: 1 record, seq %d" % line.seq


# ---------------------------------------------------------------------------------------------------------------- a log


class Invalid(Exception):
    def __init__(self, where, reason):
        super().__init__("%s:%d: %s" % (where[0], where[1], reason))


class Log:
    """Takes the files of one log in order; the last one that holds anything must be marked as such."""

    def __init__(self, key, origin=None):
        self.key, self.origin = key, origin
        self.own = key_id(key) if key is not None else None
        self.records = self.batches = 0
        self.first = self.first_where = None
        self.seq = self.prev = None  # what the next line must carry
        self.kid = None  # of the batch before
        self.last_type = None  # of the last line
        self.saw_own = self.left_own = self.saw_foreign_before = False
        self.saw_key_record = False
        self.torn = None
        self.deadline = None
        self.latest = None
        self.open = {}  # id of an intent without outcome: (ts, deadline, seq)

    def feed(self, name, data, last):
        batch, pos, number = [], 0, 0
        while pos < len(data):
            end = data.find(b"\n", pos)
            number += 1
            where = (name, number)
            if end < 0:
                if not last:
                    raise Invalid(where, "no LF at the end of a file that is not the last")
                self.torn = "%s:%d: torn tail: %d bytes without LF" % (name, number, len(data) - pos)
                break
            try:
                line = Line(data[pos : end + 1])
                self._follow(line, batch, where)
            except Bad as bad:
                raise Invalid(where, str(bad)) from None
            pos = end + 1
            batch.append((line, where))
            if len(batch) == line.n:
                self._close(batch)
                batch = []
        if batch:
            line, where = batch[0]
            if not last:
                raise Invalid(where, "a batch of %d has %d lines in this file" % (line.n, len(batch)))
            self._judge_torn(batch)
            if self.torn is None:
                self.torn = "%s:%d: torn tail: the last batch has %d lines of %d" % (*where, len(batch), line.n)

    def _follow(self, line, batch, where):
        """What a line must have in common with the ones before it."""
        if self.origin is None:
            self.origin = line.origin
        if line.origin != self.origin:
            raise Bad("origin is not %s" % self.origin)
        if self.first is None:
            self.first, self.first_where = line.seq, where
            if line.seq == 0 and line.prev != genesis(line.origin):
                raise Bad("prev is not the genesis of the origin")
        elif line.seq != self.seq:
            raise Bad("seq is %d, not %d" % (line.seq, self.seq))
        elif line.prev != self.prev:
            raise Bad("prev is not the leaf of the record before")
        if line.i != len(batch):
            raise Bad("i is %d, not %d" % (line.i, len(batch)))
        if batch:
            head = batch[0][0]
            if (line.kid, line.n, line.s) != (head.kid, head.n, head.s):
                raise Bad("kid, n or s differs within a batch")
        else:
            self._follow_key(line)

        self.seq, self.prev = line.seq + 1, base64.b64encode(line.leaf).decode()
        self.last_type = line.type
        self.records += 1
        self.latest = line.ts if self.latest is None else max(self.latest, line.ts)
        if line.type == "key":
            self.saw_key_record = True
        elif line.type == "boot":
            self.deadline = line.deadline
        elif line.type == "intent":
            self.open[line.id] = (line.ts, self.deadline, line.seq)
        elif line.type == "outcome":
            self.open.pop(line.id, None)

    def _follow_key(self, line):
        if self.kid is not None and line.kid != self.kid and self.last_type != "key":
            raise Bad("kid changes without a key record")
        self.kid = line.kid
        if line.kid == self.own:
            if self.left_own:
                raise Bad("kid is used outside its range")
            self.saw_own = True
        elif self.saw_own:
            self.left_own = True
        else:
            self.saw_foreign_before = True

    def _close(self, batch):
        self.batches += 1
        levels = tree_levels([line.leaf for line, _ in batch])
        text = [[base64.b64encode(node).decode() for node in level] for level in levels[:-1]]
        for line, where in batch:
            i, path = line.i, []
            for level in text:
                if i ^ 1 < len(level):
                    path.append(level[i ^ 1])
                i >>= 1
            if line.path != path:
                raise Invalid(where, "path is not that of the batch")
        line, where = batch[0]
        if line.kid == self.own and not line.signature_holds(self.key, levels[-1][0]):
            raise Invalid(where, "the signature of the batch does not hold")

    def _judge_torn(self, batch):
        """The whole lines of a torn batch: each must verify alone, and all under one root."""
        head, where = batch[0]
        root = head.root()
        if head.kid == self.own and not head.signature_holds(self.key, root):
            raise Invalid(where, "the signature does not hold")
        for line, where in batch[1:]:
            if line.root() != root:
                raise Invalid(where, "path does not lead to the root of the batch")

    def finish(self, unpruned=False):
        doubts = []
        if self.torn is not None:
            doubts.append(self.torn)
        if not self.records:
            return INCONCLUSIVE, "inconclusive: " + "; ".join(doubts or ["empty"])
        if self.key is None:
            doubts.append("no key")
        elif not self.saw_own:
            raise Invalid(self.first_where, "kid is not that of the key, and no key record leads to it")
        elif self.saw_foreign_before:
            doubts.append("the key is later than the first records")
        if self.saw_key_record:
            doubts.append("holds a key record, which is not judged here")
        if unpruned and self.first > 0:
            doubts.append("starts at seq %d, and manifests are not judged here" % self.first)
        for ts, deadline, seq in self.open.values():
            if deadline is None:
                doubts.append("the intent at seq %d has no outcome, and no boot record states a deadline" % seq)
                break
            if self.latest - ts > deadline:
                doubts.append("the intent at seq %d has no outcome and is older than the longest call deadline" % seq)
                break
        if doubts:
            return INCONCLUSIVE, "inconclusive: " + "; ".join(doubts)
        counts = (self.records, self.batches, self.first, self.seq - 1)
        return VALID, "valid: %d records, %d batches, seq %d..%d" % counts


def verify_files(files, key, origin=None, unpruned=False):
    """`files` yields (name, bytes); key is 32 bytes or None. Returns (code, message)."""
    if key is not None and not ed25519_usable(key):
        return USAGE, "usage: the key is not an Ed25519 public key"
    if origin is not None and not valid_origin(origin):
        return USAGE, "usage: the origin is not allowed"
    log = Log(key, origin)
    try:
        held = None
        for name, data in files:
            if not data:
                continue
            if held is not None:
                log.feed(*held, last=False)
            held = (name, data)
        if held is not None:
            log.feed(*held, last=True)
        return log.finish(unpruned)
    except Invalid as invalid:
        return INVALID, "invalid: %s" % invalid


def verify_bytes(data, key, origin=None):
    """One file's bytes: (code, message)."""
    return verify_files([("-", data)], key, origin)


# -------------------------------------------------------------------------------------------------------- command line

_SEGMENT = re.compile(r"ledger-([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{3}|[1-9][0-9]{3,})\.ndjson")


def segments(directory):
    found = []
    for name in os.listdir(directory):
        match = _SEGMENT.fullmatch(name)
        if match:
            found.append((match[1], int(match[2]), os.path.join(directory, name)))
    return [path for _, _, path in sorted(found)]


def _read(paths):
    for path in paths:
        with open(path, "rb") as file:
            yield path, file.read()


def verify_paths(arguments, key, origin=None):
    paths = []
    for path in arguments:
        paths += segments(path) if os.path.isdir(path) else [path]
    return verify_files(_read(paths), key, origin, unpruned=os.path.isdir(arguments[0]))


def decode_key(text):
    if not _BASE64_32.fullmatch(text):
        raise argparse.ArgumentTypeError("not the base64 of 32 bytes")
    return base64.b64decode(text)


def main(argv=None):
    parser = argparse.ArgumentParser(description="Verify a Durward ledger.")
    parser.add_argument("--key", type=decode_key, metavar="BASE64_RAW_PUBLIC_KEY")
    parser.add_argument("--origin")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    options = parser.parse_args(argv)
    try:
        code, message = verify_paths(options.paths, options.key, options.origin)
    except OSError as error:
        code, message = USAGE, "i/o: %s" % error
    print(message, file=sys.stderr if code == USAGE else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
