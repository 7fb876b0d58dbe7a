"""What the gateway was to reach, beside what a run measured."""

import os

import report
from measure import Case

PACED = Case("json.300", 16, 2000)
TRAFFIC = [Case("json.300", 16, traffic=traffic) for traffic in ("plain", "session", "modern")]
POLICY, LIGHT = "policy+written", "light"
PROFILES = [Case("json.300", connections) for connections in (16, 64)]
NGINX_TLS, LIGHT_TLS, LIGHT_JWT, LIGHT_RULES = "nginx, TLS", "light, TLS", "light, JWT", "light, 200 rules"


def by_thread(rounds, case):
    """CPU µs per request of each thread of a gateway: [(setting and thread, µs)]."""
    rows = []
    for proxy in rounds.proxies:
        results = rounds.results[case, proxy.name]
        for name in sorted(set().union(*(result["cpu_by_thread"] for result in results))):
            spent = sorted(result["cpu_by_thread"].get(name, 0) / 1000 / result["answered"] for result in results)
            rows.append((f"{proxy.name}: {name}", f"{spent[len(spent) // 2]:.1f}"))
    return rows


def ledger_share(rounds, case):
    """CPU µs per request of the ledger's two threads."""
    results = rounds.results[case, POLICY]
    each = [sum(spent for name, spent in result["cpu_by_thread"].items() if name.startswith("ledger-")) / 1000 / result["answered"] for result in results]
    return sorted(each)[len(each) // 2]


def goals(rounds, memory, idle, ledger):
    """(what, goal, measured, whether reached), the first column to the last."""
    rows = []

    def add(what, goal, value, text, below=True):
        reached = value <= goal if below else value >= goal
        sign = "≤" if below else "≥"
        number = f"{goal:,}" if isinstance(goal, int) else str(goal)
        unit = {"×": " ×", "ms": " ms", "MB": " MB", "KB": " KB", "µs": " µs", "/s": "/s"}[text[0]]
        rows.append((what, f"{sign} {number}{unit}", text[1], "yes" if reached else "**no**"))

    for connections, limits in ((16, (1.5, 2.2)), (64, (1.5, 2.2)), (1, (4.0, 4.0))):
        for name, limit in zip((LIGHT, POLICY), limits):
            ratio = rounds.ratio(Case("json.300", connections), name)
            what = f"CPU per request, {connections} connection{'s' if connections > 1 else ''}, {name}, against nginx"
            add(what, limit, ratio[0], ("×", report.with_spread(ratio) + " ×"))
    for name in (LIGHT, POLICY):
        added = tuple(value / 1000 for value in rounds.added(PACED, name, "p99_us"))
        nginx = rounds.added(PACED, "nginx", "p99_us")[0] / 1000
        add(f"p99 added at 2,000 requests/s, {name}", 1, added[0], ("ms", f"{report.with_spread(added)} ms; nginx {nginx:.2f}"))
    others = ", ".join(f"{name} {value:.0f}" for name, value in memory.items() if name != POLICY)
    add(f"peak memory at 64 connections, {POLICY}", 30, memory[POLICY], ("MB", f"{memory[POLICY]:.0f} MB; {others}"))
    add("memory of an idle connection, 10,000 of them", 20, idle, ("KB", f"{idle:.1f} KB"))
    share = ledger_share(rounds, Case("json.300", 64))
    add("the ledger's threads, CPU per request, 64 connections", 7, share, ("µs", f"{share:.1f} µs"))
    disk = f"fdatasync took {ledger['synced']['fdatasync_us'] / 1000:.1f} ms"
    for what, goal, name, note in (
        ("ledger alone, `written`, 64 waiters", 50_000, "written", f"mean batch {ledger['written']['mean_batch']:.0f}"),
        ("ledger alone, `synced` calls, fdatasync set to 1 ms", 5_000, "synced, fdatasync set to 1 ms", f"on this disk {ledger['synced']['per_second']:,.0f}; {disk}"),
        ("verification, mean batch ≥ 16", 200_000, "verify", f"n = 1: {ledger['verify, one record a batch']['per_second']:,.0f}"),
    ):  # fmt: skip
        value, cpu = ledger[name]["per_second"], ledger[name]["cpu_us"]
        add(what, goal, value, ("/s", f"{value:,.0f}/s, {cpu:.1f} µs of CPU each; {note}"), below=False)
    return report.table(("what", "goal", "measured", "reached"), rows)


def profiles(rounds):
    """TLS beside nginx with TLS, and what TLS and a token cost: both on kept connections."""
    rows = []
    for case in PROFILES:
        for name, other, goal in ((LIGHT_TLS, NGINX_TLS, None), (LIGHT_TLS, LIGHT, None), (NGINX_TLS, "nginx", None), (LIGHT_JWT, LIGHT, 1.15), (LIGHT_RULES, LIGHT, 1.1)):
            ratio = rounds.ratio(case, name, other=other)
            reached = "" if goal is None else "yes" if ratio[0] <= goal else "**no**"
            times = " / ".join(f"{rounds.median(case, each, 'cpu_us'):.1f}" for each in (name, other))
            rows.append((f"{name} against {other}, {case.connections} connections", times, report.with_spread(ratio) + " ×", f"≤ {goal} ×" if goal else "", reached))
    return report.table(("what", "CPU µs/request", "ratio", "goal", "reached"), rows)


def traffic(rounds):
    rows = []
    for case in TRAFFIC:
        ratio = rounds.ratio(case, POLICY, other=POLICY, other_case=TRAFFIC[0])
        rows.append((case.traffic, report.with_spread(ratio)))
    return report.table((f"kind of traffic, {POLICY}, 16 connections", "CPU against plain"), rows)


def paced(rounds):
    rows = []
    for proxy in rounds.proxies:
        p50, p99 = (rounds.median(PACED, proxy.name, key) / 1000 for key in ("p50_us", "p99_us"))
        cpu = f"{rounds.ratio(PACED, proxy.name)[0]:.2f}" if proxy.pids() else ""
        rows.append((proxy.name, f"{p50:.2f}", f"{p99:.2f}", cpu))
    return report.table(("setting, 2,000 requests/s", "p50 ms", "p99 ms", "CPU × nginx"), rows)


def machine(load_before):
    """What the reader must know of where the figures come from."""
    return (
        f"Measured on {os.cpu_count()} cores with a load average of {load_before:.1f} by other work before the run began. "
        "On a machine that does nothing else it is below 0.5; much above it, latencies and records a second say more about the other work."
    )


def parts(rounds, profiled, cases, memory, idle, ledger, load_before):
    """The tables of the pages, by the name of their markers."""
    alone = [(name, f"{each['per_second']:,.0f}", f"{each['cpu_us']:.1f}", f"{each['mean_batch']:.1f}") for name, each in ledger.items()]
    return {
        "goals": goals(rounds, memory, idle, ledger) + "\n\n" + machine(load_before),
        "cpu": report.ratio_table(rounds, cases, "cpu_us"),
        "throughput": report.ratio_table(rounds, cases, "rps"),
        "p99": report.ratio_table(rounds, cases, "p99_us"),
        "paced": paced(rounds),
        "traffic": traffic(rounds),
        "profiles": profiles(profiled),
        "threads": report.table(("thread, 64 connections, 0.3 KB", "CPU µs/request"), by_thread(rounds, Case("json.300", 64))),
        "ledger": report.table(("ledger alone", "per second", "CPU µs each", "mean batch"), alone),
    }
