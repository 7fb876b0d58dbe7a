"""Which files are ours, and how a lint reports: shared by the lints of this folder."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = ("build", ".git", ".durward", ".cache", "node_modules", "__pycache__")
SAMPLES = "tests/lint/samples/"  # they break the rules on purpose


def is_repository(root):
    found = subprocess.run(["git", "-C", root, "rev-parse", "--show-toplevel"], capture_output=True, text=True)
    return found.returncode == 0 and pathlib.Path(found.stdout.strip()) == root


def files(root, *suffixes, tracked_only=False):
    """Paths relative to root, sorted: what git tracks or would take, else (an exported tree) everything but build folders."""
    if is_repository(root):
        options = [] if tracked_only else ["--others", "--exclude-standard"]
        listing = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", *options], capture_output=True, check=True)
        names = {name for name in listing.stdout.decode().split("\0") if name and (root / name).is_file()}
    else:
        paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        names = {path.as_posix() for path in paths if not any(part.startswith(SKIPPED) for part in path.parts[:-1])}
    wanted = (name for name in names if not suffixes or name.endswith(suffixes))
    return sorted(name for name in wanted if not name.startswith(SAMPLES))


def finish(findings, summary):
    """One finding a line, in the form that editors jump to; exits 0 or 1."""
    for finding in findings:
        print(finding)
    print(f"{len(findings)} finding(s)" if findings else summary)
    sys.exit(1 if findings else 0)
