"""Tests of the independent verifier: the vectors, RFC examples, and every byte of a small ledger changed twice."""

import contextlib
import io
import json
import os
import random
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import independent_verifier as verifier  # noqa: E402
import make_vectors as vectors  # noqa: E402

KEY = vectors.KEY.public
DIRECTORY = vectors.default_directory()


class Primitives(unittest.TestCase):
    # RFC 8032, 7.1: tests 1, 2, 3 and SHA(abc).
    RFC_8032 = (
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a",
        ),
        (
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
            "454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
            "3dca179c138ac17ad9bef1177331a704",
        ),
    )

    def test_ed25519(self):
        for public, message, signature in self.RFC_8032:
            public, message, signature = map(bytes.fromhex, (public, message, signature))
            self.assertTrue(verifier.ed25519_verify(public, message, signature))
            self.assertFalse(verifier.ed25519_verify(public, message + b"x", signature))
            for k in range(64):
                changed = bytearray(signature)
                changed[k] ^= 1 << k % 8
                self.assertFalse(verifier.ed25519_verify(public, message, bytes(changed)))
            s = int.from_bytes(signature[32:], "little") + verifier.L
            self.assertFalse(verifier.ed25519_verify(public, message, signature[:32] + s.to_bytes(32, "little")))

    def test_keys_that_are_none(self):
        identity = (1).to_bytes(32, "little")
        for public in (bytes(32), identity, (verifier.P - 1).to_bytes(32, "little"), verifier.P.to_bytes(32, "little"),
                       b"\xff" * 32, (2).to_bytes(32, "little"), KEY[:31]):  # fmt: skip
            self.assertFalse(verifier.ed25519_usable(public), public.hex())
        self.assertTrue(verifier.ed25519_usable(KEY))

    def test_trees(self):
        for n in [*range(1, 70), 127, 128, 129]:
            leaves = [vectors.leaf_hash(b"%d" % k) for k in range(n)]
            root = vectors.root_of(leaves)
            self.assertEqual(verifier.tree_levels(leaves)[-1], [root])
            for i in range(n):
                path = vectors.path_of(i, leaves)
                self.assertEqual(verifier.path_length(i, n), len(path))
                self.assertEqual(verifier.root_from_path(leaves[i], i, n, path), root)

    def test_canonical_form(self):
        source = random.Random(7)
        alphabet = 'ab"\\/\b\f\n\r\t\x00\x1f\x7f\x80é€\u2028\ud7ff\ue000\ufb33\ufeff\uffff\U00010000\U0001f600'

        def text():
            return "".join(source.choice(alphabet) for _ in range(source.randrange(5)))

        def value(depth):
            kind = source.randrange(6 if depth else 4)
            if kind == 0:
                return text()
            if kind == 1:
                return source.choice((True, False))
            if kind < 4:
                return source.choice((0, 1, -1, 10, 2**53 - 1, 1 - 2**53, source.randrange(-(10**6), 10**6)))
            if kind == 4:
                return [value(depth - 1) for _ in range(source.randrange(4))]
            return {text(): value(depth - 1) for _ in range(source.randrange(5))}

        for _ in range(3000):
            thing = {text(): value(3) for _ in range(source.randrange(5))}
            line = vectors.jcs(thing).decode()
            parsed, spans = verifier.parse_canonical(line)
            self.assertEqual(parsed, thing)
            self.assertEqual("{" + ",".join(line[a:b] for _, a, b in spans) + "}", line)
            if line == "{}":
                continue
            # Whatever else parses must be refused unless it is its own JCS.
            changed = list(line)
            changed[source.randrange(len(line))] = source.choice('{}[]",:\\u0139-. eEnt\n\x00é')
            changed = "".join(changed)
            try:
                parsed, _ = verifier.parse_canonical(changed)
            except verifier.Bad:
                try:
                    parsed = json.loads(changed)
                    canonical = vectors.jcs(parsed)
                except (ValueError, AttributeError):
                    continue
                if canonical == changed.encode():
                    self.assertRegex(changed, r"null|[0-9][.e]|[0-9]{16}", changed)
            else:
                self.assertEqual(vectors.jcs(parsed), changed.encode())

    def test_deep(self):
        deep = '{"a":' + "[" * 16000 + "]" * 16000 + "}"
        verifier.parse_canonical(deep)
        with self.assertRaises(verifier.Bad):
            verifier.parse_canonical(deep[:-2] + "}")


class Vectors(unittest.TestCase):
    def test_files_are_those_of_the_maker(self):
        files = vectors.build()
        found = {}
        for folder, _, names in os.walk(DIRECTORY):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, DIRECTORY).replace(os.sep, "/")] = file.read()
        self.assertEqual(sorted(found), sorted(files))
        for name, data in files.items():
            self.assertEqual(found[name], data, name)

    def test_index(self):
        with open(os.path.join(DIRECTORY, "index.json"), encoding="utf-8") as file:
            index = json.load(file)
        self.assertGreater(len(index), 200)
        for entry in index:
            with self.subTest(entry["file"], why=entry["why"]):
                key = entry["key"] and verifier.decode_key(entry["key"])
                path = os.path.join(DIRECTORY, entry["file"])
                code, message = verifier.verify_paths([path], key, entry["origin"])
                self.assertEqual(code, entry["expect"], message)
                self.assertTrue(message.startswith(("valid: ", "invalid: ", None, "inconclusive: ")[code]), message)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        self.assertEqual(verifier.verify_bytes(file.read(), key, entry["origin"])[0], code)

    def test_lines_alone(self):
        for line in vectors.good2().lines:
            self.assertEqual(verifier.verify_line(line, KEY, vectors.ORIGIN)[0], 0)
        line = vectors.base().lines[3]
        self.assertEqual(verifier.verify_line(line, None)[0], 3)
        self.assertEqual(verifier.verify_line(line, vectors.OTHER.public)[0], 1)
        self.assertEqual(verifier.verify_line(line, KEY, "example.test/other")[0], 1)
        self.assertEqual(verifier.verify_line(line[:-1], KEY)[0], 1)
        for k in range(len(line)):
            changed = bytearray(line)
            changed[k] ^= 1
            self.assertEqual(verifier.verify_line(bytes(changed), KEY)[0], 1, k)


class Mutations(unittest.TestCase):
    def setUp(self):
        log = vectors.Writer()
        log.batch([{"type": "boot", "facts": {"deadline_ms": 5}}])
        log.batch([{"type": "intent", "id": "a"}, {"type": "outcome", "id": "a"}])
        self.data = log.bytes()
        self.assertEqual(verifier.verify_bytes(self.data, KEY), (0, "valid: 3 records, 2 batches, seq 0..2"))

    def test_every_byte(self):
        for origin in (vectors.ORIGIN, None):
            for mask in (0x01, 0x20) if origin else (0x80,):
                for k in range(len(self.data)):
                    changed = bytearray(self.data)
                    changed[k] ^= mask
                    code, message = verifier.verify_bytes(bytes(changed), KEY, origin)
                    # Only without its last LF can it be a torn tail.
                    self.assertEqual(code, 1 if k < len(self.data) - 1 else 3, (k, mask, message))

    def test_every_byte_removed_or_repeated(self):
        for k in range(len(self.data)):
            removed = self.data[:k] + self.data[k + 1 :]
            repeated = self.data[: k + 1] + self.data[k:]
            self.assertNotEqual(verifier.verify_bytes(removed, KEY)[0], 0, k)
            self.assertNotEqual(verifier.verify_bytes(repeated, KEY)[0], 0, k)

    def test_every_length(self):
        boundary = self.data.index(b"\n") + 1
        for k in range(len(self.data)):
            self.assertEqual(verifier.verify_bytes(self.data[:k], KEY)[0], 0 if k == boundary else 3, k)


class Size(unittest.TestCase):
    def test_largest_batch(self):
        for n, expect in ((4096, 0), (4097, 1)):
            log = vectors.Writer().batch([{"type": "heartbeat"}])
            log.lines += largest(log, n)
            code, message = verifier.verify_bytes(log.bytes(), KEY)
            self.assertEqual(code, expect, message)

    def test_a_thousand_batches(self):
        log = vectors.Writer()
        for k in range(1000):
            log.batch([{"type": "heartbeat", "count": k}] * (1 + k % 4))
        self.assertEqual(verifier.verify_bytes(log.bytes(), KEY), (0, "valid: 2500 records, 1000 batches, seq 0..2499"))


def largest(log, n):
    """A batch of n by the verifier's levels, which test_trees has compared with the RFC's recursion."""
    records, leaves = [], []
    for k in range(n):
        record = {"v": 1, "seq": log.seq + k, "ts": vectors.ts_of(log.clock), "origin": log.origin, "prev": log.prev, "type": "heartbeat"}
        records.append(record)
        leaves.append(vectors.leaf_hash(vectors.jcs(record)))
        log.prev = vectors.b64(leaves[-1])
    levels = verifier.tree_levels(leaves)
    message = verifier.signed_message(log.origin, log.seq, n, levels[-1][0])
    s = vectors.b64(log.key.sign(message))
    lines = []
    for k, record in enumerate(records):
        path = [vectors.b64(level[k >> d ^ 1]) for d, level in enumerate(levels[:-1]) if k >> d ^ 1 < len(level)]
        record["sig"] = {"kid": log.key.kid, "n": n, "i": k, "path": path, "s": s}
        lines.append(vectors.jcs(record) + b"\n")
    return lines


class CommandLine(unittest.TestCase):
    def run_main(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = verifier.main(arguments)
            except SystemExit as stop:
                code = stop.code
        return code, out.getvalue(), err.getvalue()

    def test_codes(self):
        key = vectors.KEY.text
        with tempfile.TemporaryDirectory() as directory:
            def write(name, data):
                path = os.path.join(directory, name)
                with open(path, "wb") as file:
                    file.write(data)
                return path

            data = vectors.base().bytes()
            lines = data.splitlines(keepends=True)
            good = write("good", data)
            bad = write("bad", data.replace(b"acme", b"acne", 1))
            self.assertEqual(self.run_main("--key", key, good), (0, "valid: 9 records, 3 batches, seq 0..8\n", ""))
            self.assertEqual(self.run_main("--key", key, "--origin", vectors.ORIGIN, good)[0], 0)
            code, out, _ = self.run_main("--key", key, bad)
            self.assertEqual((code, out.count("\n")), (1, 1))
            self.assertTrue(out.startswith("invalid: %s:" % bad))
            self.assertEqual(self.run_main(good)[0], 3)
            first, rest = write("1", lines[0]), write("2", b"".join(lines[1:]))
            self.assertEqual(self.run_main("--key", key, first, rest)[0], 0)
            self.assertEqual(self.run_main("--key", key, rest, first)[0], 1)
            self.assertEqual(self.run_main("--key", key, rest)[1], "valid: 8 records, 2 batches, seq 1..8\n")
            empty = os.path.join(directory, "empty")
            os.mkdir(empty)
            self.assertEqual(self.run_main("--key", key, empty)[0], 3)
            for arguments in (
                (), ("--key", key), ("--key", "x", good), ("--key", key, good + "x"), ("--key", key, "--origin", "A", good),
                ("--key", vectors.b64(bytes(32)), good), ("--key", key + "=", good), ("--what", good),
            ):  # fmt: skip
                code, out, err = self.run_main(*arguments)
                self.assertEqual((code, out), (2, ""), arguments)
                self.assertTrue(err)


if __name__ == "__main__":
    unittest.main()
