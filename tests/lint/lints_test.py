"""Every lint must be able to fail: each is run on a small tree of its own, once sound and once broken."""

import base64
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def lint(name, *arguments):
    run = subprocess.run([sys.executable, "-B", HERE / name, *arguments], capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="durward-lint-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def accepted(self, name):
        code, output = lint(name, "--root", self.root)
        self.assertEqual(code, 0, output)

    def refused(self, name, *expected):
        code, output = lint(name, "--root", self.root)
        self.assertEqual(code, 1, output)
        for text in expected:
            self.assertIn(text, output)


class Layers(Tree):
    def setUp(self):
        super().setUp()
        self.write("config/a.hpp", "#include <string>\n")
        self.write("policy/b.hpp", '#include "config/a.hpp"\n')
        self.write("policy/b.cpp", '#include <simdjson.h>\n#include "policy/b.hpp"\n// #include "gateway/d.hpp"\n')
        self.write("audit/c.hpp", '#include "policy/b.hpp"\n')
        self.write("gateway/d.hpp", '#include <boost/beast/http.hpp>\n#include "audit/c.hpp"\n')
        self.write("gateway/d.cpp", '#include "gateway/d.hpp"\n')
        self.write("cmd/main.cpp", '#include <CLI/CLI.hpp>\n#include "gateway/d.hpp"\n')
        self.write("tests/gateway/d_test.cpp", '#include "gateway/d.hpp"\n#include "tests/gateway/support.hpp"\n#include "support.hpp"\n')
        self.write("tests/gateway/support.hpp", "#include <catch2/catch.hpp>\n")

    def test_a_sound_tree_is_accepted(self):
        self.accepted("layers")

    def test_an_include_against_the_direction_is_refused(self):
        self.write("policy/b.hpp", '#include "audit/c.hpp"\n')
        self.refused("layers", "policy/b.hpp:1: error: policy/ may not include audit/c.hpp")

    def test_quotas_and_audit_never_see_each_other(self):
        self.write("quotas/q.hpp", '#include "audit/c.hpp"\n')
        self.refused("layers", "quotas/q.hpp:1: error: quotas/ may not include audit/c.hpp")

    def test_libraries_stay_in_their_layers(self):
        self.write("policy/b.cpp", "\n#include <boost/asio/post.hpp>\n")
        self.write("audit/c.cpp", "#include <boost/beast/core.hpp>\n#include <boost/asio.hpp>\n")
        self.write("gateway/d.cpp", "#include <yaml-cpp/yaml.h>\n#include <CLI/CLI.hpp>\n")
        self.refused("layers", "policy/b.cpp:2", "audit/c.cpp:1", "gateway/d.cpp:1", "gateway/d.cpp:2", "4 finding(s)")

    def test_policy_is_pure(self):
        self.write("policy/b.cpp", "#include <fstream>\nauto now() { return std::chrono::system_clock::now(); }  // getenv\n")
        self.refused("layers", "policy/b.cpp:1", "may not use system_clock::now", "2 finding(s)")

    def test_a_path_that_does_not_start_at_the_root_is_refused(self):
        self.write("gateway/d.cpp", '#include "d.hpp"\n#include "nowhere.hpp"\n#include <gateway/d.hpp>\n')
        self.refused("layers", 'write the path from the root, "gateway/d.hpp"', '"nowhere.hpp" is no file', "<gateway/d.hpp>: files of ours")

    def test_headers_that_include_each_other_are_refused(self):
        self.write("config/a.hpp", '#include "config/z.hpp"\n')
        self.write("config/z.hpp", '#include "config/a.hpp"\n')
        self.refused("layers", "headers include each other: config/a.hpp -> config/z.hpp -> config/a.hpp")

    def test_the_units_that_include_beast_through_our_headers_are_counted(self):
        for number in range(43):
            self.write(f"tests/gateway/unit{number}.cpp", '#include "gateway/d.hpp"\n')
        self.accepted("layers")  # 43 + gateway/d.cpp, cmd/main.cpp and d_test.cpp
        self.write("tests/gateway/one_more.cpp", "#include <boost/asio/post.hpp>\n")
        self.refused("layers", "47 units include Beast or Asio, 46 are allowed")


class Coroutines(unittest.TestCase):
    def test_exactly_the_flagged_lines_of_the_sample_are_named(self):
        sample = HERE / "samples" / "coroutines.cpp"
        flagged = {number for number, line in enumerate(sample.read_text().splitlines(), 1) if line.endswith("// flagged")}
        code, output = lint("coroutines", sample)
        named = {int(line.split(":")[1]) for line in output.splitlines() if ": error: " in line}
        self.assertEqual(code, 1)
        self.assertEqual(named, flagged)
        self.assertGreater(len(flagged), 15)


@unittest.skipUnless(shutil.which("clang-format"), "clang-format is not installed")
class Format(Tree):
    def test_an_unformatted_file_is_refused(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("a.cpp", "int a;\n")
        self.accepted("format")
        self.write("a.cpp", "int a;\nint   b ;\n")
        self.refused("format", "a.cpp:2: error: not formatted")


class Secrets(Tree):
    def git(self, *arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", self.root, *identity, *arguments], check=True, capture_output=True)

    def test_a_tree_without_secrets_is_accepted(self):
        self.write("a.md", "mail someone@example.org, mcp://db/query@1.2.3, git@github.com:o/r, http://127.0.0.1:8088\n")
        self.write("b.md", "AWS's published AKIA" + "IOSFODNN7EXAMPLE, http://user:password@proxy.example.com\n")
        self.accepted("secrets")

    def test_each_kind_of_secret_is_found(self):
        word = lambda length: ("Q7w" * length)[:length]
        samples = {
            "private key": "-----BEGIN OPENSSH PRIVATE " + "KEY-----",
            "AWS access key": "AKIA" + "ABCDEFGH12345678",
            "GitHub token": "ghp_" + word(36),
            "GitLab token": "glpat-" + word(20),
            "Slack token": "xoxb-" + word(20),
            "Stripe key": "sk_live_" + word(24),
            "API key": "sk-ant-" + word(40),
            "Google key": "AIza" + word(35),
            "npm token": "npm_" + word(36),
            "PyPI token": "pypi-AgE" + word(50),
            "JSON web token": "eyJ" + word(20) + ".eyJ" + word(20) + "." + word(43),
            "credential in a URL": "http://admin:" + word(8) + "@db1",
            "package host": "https://registry" + ".npmjs.org/left-pad",
            "mail address": "jane.roe@" + "corp.io",
        }
        for rule, text in samples.items():
            with self.subTest(rule):
                self.write("a.txt", f"first line\n{text}\n")
                self.refused("secrets", f"a.txt:2: error: {rule} (sha256", "1 finding(s)")
                self.assertNotIn(text, lint("secrets", "--root", self.root)[1])

    def test_paths_of_a_person_or_a_machine_are_found(self):
        for folder in ("home/jane", "Users/jane", "root", "mnt/disk", "tmp", "var/tmp", "work", "workspace", "builds"):
            with self.subTest(folder):
                self.write("a.txt", "built in /" + folder + "/main/README.md\n")
                self.refused("secrets", "a.txt:1: error: machine path (sha256", "1 finding(s)")
        self.write("a.txt", "/usr/bin/env /etc/durward/durward.yaml ./tmp/x ${root}/build/dev https://example.com/home/x\n")
        self.accepted("secrets")

    def test_key_files_and_bare_seeds_are_found(self):
        seed = base64.b64encode(bytes(range(32))).decode()
        for name in ("ed25519.key", "deploy/.env.local", "x/keyring.json", "y/ledger-2026-01-01.000.ndjson"):
            with self.subTest(name):
                self.write(name, "x\n")
                self.refused("secrets", f"{name}:1: error: key, ledger or environment file")
                (self.root / name).unlink()
        self.write("notes.txt", seed + "\n")
        self.refused("secrets", "notes.txt:1: error: Ed25519 seed")

    def test_what_was_committed_once_is_found_after_it_was_deleted(self):
        self.git("init", "-q")
        self.write("a.txt", "AKIA" + "ABCDEFGH12345678\n")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "one")
        self.git("rm", "-q", "a.txt")
        self.git("commit", "-q", "-m", "two, thanks to jane.roe@" + "corp.io")
        self.refused("secrets", "(a.txt):1: error: AWS access key", "message of", "mail address", "2 finding(s)")

    def test_a_value_in_the_allow_list_is_accepted(self):
        self.write("a.txt", "AKIA" + "ABCDEFGH12345678\n")
        output = lint("secrets", "--root", self.root)[1]
        digest = output.split("sha256 ")[1].split(")")[0]
        self.write("secrets.allow", f"# comment\n{digest}  a made-up key of this test\n")
        self.accepted("secrets")


class Promises(Tree):
    def setUp(self):
        super().setUp()
        self.write("tests/CMakeLists.txt", "function(durward_tests folder)\nendfunction()\nif(X)\n  durward_tests(audit libs)\nendif()\n")
        self.write("tests/audit/log_test.cpp", CATCH_SAMPLE)
        self.write("tests/audit/check.py", PYTHON_SAMPLE)
        self.write("tests/interop/edge.test.mjs", NODE_SAMPLE)
        self.write("tests/suites.cmake", SUITES_SAMPLE)
        self.promise("SECURITY.md", "| nothing is lost | implemented | `audit:a log is a log` |")
        self.promise("deploy/docs/ledger.md", "| a \\| b | experimental | `lint: layers`, `audit: check > test_a` |")

    def promise(self, page, *rows):
        self.write(page, "\n".join(["# Page", "", "| what | Status | Tests |", "|---|---|---|", *rows, "", "| other | table |", "|---|---|", "| x | y |"]))

    def flawed(self, *cases):
        """Each case is a row and what is wrong with it."""
        self.promise("SECURITY.md", *(row for row, _ in cases))
        expected = (f"SECURITY.md:{line}: error: {fault}" for line, (_, fault) in enumerate(cases, 5))
        self.refused("promises", *expected, f"{len(cases)} finding(s)")

    def test_promises_that_name_tests_are_accepted(self):
        self.promise("SECURITY.md", "| kept | implemented | `interop: edge > a group > seed 7 is fine`, `interop: edge` |", "| to come | planned | schemas |")
        self.accepted("promises")

    def test_a_promise_without_a_test_is_refused(self):
        words = ("implemented", "experimental")
        self.flawed(*((f"| bare | {status} | see the code |", f"{status}, but it names no test") for status in words))

    def test_a_test_that_does_not_exist_is_refused(self):
        strange = ("audit:a log is", "audit:gone", "policy:a log is a log", "interop: edges", "interop: edge > nowhere", "interop: edge > commented")
        row = "| x | implemented | `audit:a log is a log`, `{}` |"
        self.flawed(*((row.format(name), f"the test `{name}` does not exist") for name in strange))

    def test_a_test_that_never_runs_is_refused(self):
        cases = ("never", "no more", "in a skipped group", "gives up")
        faults = {name: "is always skipped" for name in ("audit:hidden", "audit: check > test_b", *(f"interop: edge > {case}" for case in cases))}
        faults["lint: off"] = "is disabled"
        self.flawed(*((f"| x | implemented | `{name}` |", f"the test `{name}` {fault}") for name, fault in faults.items()))

    def test_a_test_that_is_skipped_on_a_condition_is_accepted(self):
        self.promise("SECURITY.md", "| x | implemented | `interop: edge > only sometimes`, `interop: edge > behind the group` |")
        self.accepted("promises")

    def test_a_row_without_a_meaning_is_refused(self):
        self.flawed(
            ("| x | done | `lint: layers` |", "the status `done` is none of implemented, experimental, planned"),
            ("| x | planned | `lint: layers` |", "planned, but it names a test"),
            ("| x | planned | |", "planned, but it does not say what is missing"),
            ("| x | implemented |", "not as many cells as the header"),
        )

    def test_a_page_without_its_table_is_refused(self):
        self.write("SECURITY.md", "| what | status |\n|---|---|\n| x | implemented |\n")
        self.refused("promises", "SECURITY.md:1: error: it has no table with the columns `status` and `tests`")


CATCH_SAMPLE = """
TEST_CASE("a log is "
          "a log") {
}
TEST_CASE("hidden", "[.]") {}
#if 0
TEST_CASE("gone") {}
#endif
"""

PYTHON_SAMPLE = """
class A:
    def test_a(self):
        pass
    @unittest.skip('x')
    def test_b(self):
        pass
"""

NODE_SAMPLE = """
describe('a group', () => {
  test(`seed ${seed} is fine`, async () => {});
  // test('commented', () => {});
  test.skip('never', () => {});
  test('no more', { timeout: 5, skip: true }, () => {});
  test('only sometimes', { skip: !tool && 'no tool' }, () => {});
  test('gives up', (t) => {
    t.skip('always');
  });
});
describe.skip('another group', () => {
  test('in a skipped group', () => {});
});
test('behind the group', () => {});
"""

SUITES_SAMPLE = """
foreach(lint layers off)
  durward_suite("lint: ${lint}" LABELS fast COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/lint/${lint})
endforeach()
set_tests_properties("lint: off" PROPERTIES DISABLED TRUE)
durward_suite("audit: check" COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/audit/check.py)
file(GLOB suites RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/interop CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/interop/*.test.mjs)
foreach(suite ${suites})
  string(REPLACE ".test.mjs" "" title ${suite})
  # durward_suite("interop: ${title} in a comment")
  durward_suite("interop: ${title}" ALONE FOLDER tests/interop COMMAND ${node} --test ${suite})
endforeach()
"""


if __name__ == "__main__":
    unittest.main()
