"""Tables in Markdown, on the terminal and between markers in the pages."""

import pathlib
import re

from programs import Failure

ROOT = pathlib.Path(__file__).resolve().parents[2]
README, PAGE = ROOT / "README.md", ROOT / "deploy/docs/performance.md"
SIZES = {"300": "0.3 KB", "10000": "10 KB", "100000": "100 KB"}


def table(header, rows):
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (header, ["---"] * len(header), *rows))


def title(case):
    form, size = case.tool.split(".")
    return f"{SIZES[size]} {form.upper()}"


def with_spread(values, digits=2):
    middle, lower, upper = (f"{value:.{digits}f}" for value in values)
    return f"{middle} ({lower}–{upper})"


def long_table(rounds, cases):
    """Every figure of every case: what the terminal shows."""
    header = ("answer", "conn.", "setting", "CPU µs/request", "× nginx (quartiles)", "requests/s", "p50 ms", "p99 ms", "peak MB")
    rows = []
    for case in cases:
        for proxy in rounds.proxies:
            values = {key: rounds.median(case, proxy.name, key) for key in ("cpu_us", "rps", "p50_us", "p99_us", "peak_kb")}
            own = bool(proxy.pids())
            rows.append((
                title(case), case.connections, proxy.name,
                f"{values['cpu_us']:.1f}" if own else "",
                with_spread(rounds.ratio(case, proxy.name)) if own else "",
                f"{values['rps']:.0f}", f"{values['p50_us'] / 1000:.2f}", f"{values['p99_us'] / 1000:.2f}",
                f"{values['peak_kb'] / 1024:.0f}" if own else "",
            ))  # fmt: skip
    return table(header, rows)


def ratio_table(rounds, cases, key):
    """One line a case, one column a setting: the ratio to nginx."""
    names = [proxy.name for proxy in rounds.proxies if proxy.name != "nginx" and (proxy.pids() or key != "cpu_us")]
    rows = [(title(case), case.connections, *(f"{rounds.ratio(case, name, key)[0]:.2f}" for name in names)) for case in cases]
    return table(("answer", "conn.", *names), rows)


def write_between(path, mark, text):
    """Replaces what stands between `<!-- mark -->` and `<!-- /mark -->`."""
    page = path.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise Failure(f"{path}: the markers of `{mark}` are not there once")
    path.write_text(pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page), encoding="utf-8")
