"""What is measured once, beside the rounds: memory, idle connections, the ledger alone."""

import json
import subprocess

from measure import Case
from programs import Failure
from proxies import POLICY, Gateway


def memory_at_64(rounds, proxies):
    """Peak resident memory, in MB, of proxies that have done nothing but this: 64 connections, 0.3 KB."""
    out = {}
    for proxy in proxies:
        rounds.start([proxy])
        out[proxy.name] = rounds.measure(proxy, Case("json.300", 64), 2)["peak_kb"] / 1024
        rounds.proxies.remove(proxy)
        proxy.stop()
    return out


def idle_connections(rounds, binary, count):
    """KB of resident memory per kept connection that has had one exchange and is idle now."""
    proxy = Gateway("idle", binary, "written", POLICY, limits={"connections": count + 100})
    rounds.start([proxy])
    rounds.measure(proxy, Case("json.300", 64), 1)  # so that what 64 exchanges at once need is there before
    before = proxy.resident_kb()
    command = rounds.command(proxy, Case("json.300", count), **{"in-flight": 64, "count": count, "warm": 0, "seconds": 60, "hold": "yes"})
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
        line = load.stdout.readline()
        if not line:
            raise Failure(f"{count} idle connections: the load program ended")
        per_connection = (proxy.resident_kb() - before) / count
        rounds.note(proxy, json.loads(line))
        load.stdin.close()
    rounds.proxies.remove(proxy)
    proxy.stop()
    return per_connection


def ledger_alone(programs, folder, seconds, raw):
    """What bench_ledger prints, by measurement."""
    place = folder / "ledger-alone"
    place.mkdir()
    command = [str(programs / "bench_ledger"), str(place), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise Failure(f"bench_ledger: {done.stderr}")
    raw.write(done.stdout)
    return {result["measure"]: result for result in map(json.loads, done.stdout.splitlines())}
