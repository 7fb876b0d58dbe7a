"""Which tests exist, read from their sources: the names that CTest gives them, and the cases within its suites."""

import ast
import re

QUOTED = r'"(?:[^"\\]|\\.)*"'
CATCH_CASE = re.compile(rf"^TEST_CASE\(\s*((?:{QUOTED}\s*)+)(?:,\s*((?:{QUOTED}\s*)+))?", re.MULTILINE)
NOT_CODE = re.compile(r"^\s*/\*.*?\*/|^#if 0\b.*?^#endif", re.MULTILINE | re.DOTALL)
NODE_CASE = re.compile(r"""^([ ]*)(?:await )?(?:t\.)?(test|nodeTest|it|describe)(\.skip|\.todo)?\(\s*(['"`])((?:(?!\4)[^\\]|\\.)*)\4""", re.MULTILINE)
NODE_SKIPPED = re.compile(r"""^\s*,\s*\{[^{}]*\b(?:skip|todo): *(?:true|['"`])|^[^\n]*=> *\{\n\s*t\.(?:skip|todo)\(""")
COMMAND = re.compile(rf"(\w+)\s*\(((?:[^()\"]|{QUOTED}|\([^()]*\))*)\)")
WORD = re.compile(rf"{QUOTED}|[^\s\"]+")


class Cases:
    """Titles of one source. A title with `${…}` in it stands for many."""

    def __init__(self):
        self.titles = {}  # title: whether it is skipped whatever happens

    def add(self, title, skipped):
        self.titles[title] = self.titles.get(title, False) or skipped

    def find(self, title):
        """None: no such case. Else whether it is skipped."""
        if title in self.titles:
            return self.titles[title]
        for pattern, skipped in self.titles.items():
            parts = re.split(r"\$\{[^}]*\}", pattern)
            if len(parts) > 1 and any(parts) and re.fullmatch(".+".join(map(re.escape, parts)), title):
                return skipped
        return None


def catch_cases(text, cases):
    for found in CATCH_CASE.finditer(NOT_CODE.sub("", text)):
        title = "".join(ast.literal_eval(part) for part in re.findall(QUOTED, found[1]))
        cases.add(title, bool(re.search(r"\[(\.|!hide|!mayfail|!shouldfail)", found[2] or "")))


def node_cases(text, cases):
    text = NOT_CODE.sub("", text)
    skipped_to = 0  # the end of the last group that is skipped as a whole
    for found in NODE_CASE.finditer(text):
        indent, kind, skip, _, title = found.groups()
        skipped = bool(skip) or bool(NODE_SKIPPED.match(text[found.end() :])) or found.start() < skipped_to
        if skipped and kind == "describe" and found.start() >= skipped_to:
            end = re.compile(rf"^{indent}\}}", re.MULTILINE).search(text, found.end())
            skipped_to = end.start() if end else len(text)
        cases.add(re.sub(r"\\(.)", r"\1", title), skipped)


def python_cases(text, cases):
    def given_up(node):
        names = [ast.unparse(one) for one in node.decorator_list]
        first = ast.unparse(node.body[0]) if isinstance(node, ast.FunctionDef) else ""
        return any(re.match(r"(unittest\.)?(skip\b|expectedFailure)", name) for name in names) or "skipTest(" in first.split("\n")[0]

    def walk(body, skipped):
        for node in body:
            if isinstance(node, ast.ClassDef):
                walk(node.body, skipped or given_up(node))
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                cases.add(node.name, skipped or given_up(node))

    walk(ast.parse(text).body, False)


READERS = {".cpp": catch_cases, ".mjs": node_cases, ".py": python_cases}


class Inventory:
    def __init__(self, root):
        self.root = root
        self.catch = {}  # folder: Cases
        self.suites = {}  # CTest name: files that its command names
        self.disabled = set()
        for folder in re.findall(r"^\s*durward_tests\((\w+)", (root / "tests/CMakeLists.txt").read_text(), re.MULTILINE):
            self.catch[folder] = self.read(sorted((root / "tests" / folder).rglob("*_test.cpp")))
        lines = (root / "tests/suites.cmake").read_text().splitlines()
        text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
        commands = [(name, WORD.findall(words)) for name, words in COMMAND.findall(text)]
        self.run(commands, {"CMAKE_CURRENT_SOURCE_DIR": "tests", "PROJECT_SOURCE_DIR": "."})

    def read(self, files):
        cases = Cases()
        for file in files:
            if file.suffix in READERS:
                READERS[file.suffix](file.read_text(), cases)
            elif file.name == "run.sh":  # tests/compile_fail: a case is a file
                for case in file.parent.glob("*.cpp"):
                    cases.add(case.stem, False)
        return cases

    def run(self, commands, env):
        """As much of CMake as suites.cmake uses to name its suites."""
        expand = lambda word: re.sub(r"\$\{(\w+)\}", lambda found: str(env.get(found[1], found[0])), word.strip('"'))
        at = 0
        while at < len(commands):
            name, words = commands[at]
            at += 1
            if name in ("foreach", "function"):
                end = self.block_end(commands, at, name)
                if name == "foreach":
                    listed = env.get(words[1][2:-1]) if words[1].startswith("${") else words[1:]
                    for value in listed or []:
                        self.run(commands[at:end], {**env, words[0]: value})
                at = end + 1
            elif name == "file" and words[0] == "GLOB":
                base = self.root / expand(words[words.index("RELATIVE") + 1]) if "RELATIVE" in words else self.root
                env[words[1]] = sorted(str(path.relative_to(base)) for path in self.root.glob(expand(words[-1])))
            elif name == "string" and words[0] == "REPLACE":
                env[words[3]] = expand(words[4]).replace(words[1].strip('"'), words[2].strip('"'))
            elif name == "get_filename_component":
                env[words[0]] = expand(words[1]).rpartition("/")[2].partition(".")[0]
            elif name == "durward_suite":
                words = [expand(word) for word in words]
                folder = words[words.index("FOLDER") + 1] if "FOLDER" in words else "."
                paths = {(self.root / base / word).resolve() for word in words[1:] for base in (".", folder)}
                self.suites[words[0]] = sorted(path for path in paths if path.is_file())
            elif name == "set_tests_properties" and re.search(r"\bDISABLED (TRUE|ON|1)\b", " ".join(words)):
                self.disabled.add(expand(words[0]))

    @staticmethod
    def block_end(commands, at, name):
        depth = 1
        while depth:
            depth += (commands[at][0] == name) - (commands[at][0] == "end" + name)
            at += 1
        return at - 1

    def fault(self, name):
        """Why `SUITE`, `SUITE > CASE` or `FOLDER:CASE` proves nothing; None if it is a test that runs."""
        suite, *titles = name.split(" > ")
        if suite in self.suites:
            if suite in self.disabled:
                return "is disabled"
            cases = self.read(self.suites[suite])
        else:
            folder, _, title = name.partition(":")
            cases, titles = self.catch.get(folder, Cases()), [title]
        found = [cases.find(title) for title in titles]
        return "does not exist" if None in found else "is always skipped" if any(found) else None
