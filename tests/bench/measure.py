"""One upstream, the proxies before it, and measurements of them in alternating rounds."""

import collections
import json
import pathlib
import statistics
import subprocess
import time

from programs import Failure, Program

# tool: `json.300` is a JSON answer of 300 bytes, `sse.10000` a stream with one event of 10,000. rate 0: a closed loop.
Case = collections.namedtuple("Case", "tool connections rate traffic", defaults=(0, "plain"))


class Rounds:
    """Runs the load program and keeps what it found."""

    def __init__(self, programs, folder, raw, seconds, count=0):
        self.folder, self.raw, self.seconds, self.count = folder, raw, seconds, count
        self.load_program = programs / "bench_load"
        self.upstream = Program("upstream", [str(programs / "bench_upstream")], folder, ready=r"listens on (\d+)")
        self.proxies, self.results, self.next_id = [], {}, 1

    def start(self, proxies):
        for proxy in proxies:
            proxy.start(self.folder, self.upstream.port)
            self.proxies.append(proxy)

    def command(self, proxy, case, **more):
        settings = {
            "port": proxy.port, "path": "/mcp/bench", "tool": case.tool, "bytes": int(int(case.tool.split(".")[1]) * 0.9),
            "tls": "yes" if proxy.tls else "no", "header": proxy.header, "connections": case.connections, "rate": case.rate, "traffic": case.traffic, "first-id": self.next_id, **more,
        }  # fmt: skip
        pairs = [*settings.items(), *(("watch", pid) for pid in proxy.pids())]
        return [str(self.load_program), *(str(part) for key, value in pairs for part in (f"--{key}", value))]

    def measure(self, proxy, case, seconds=None):
        for pid in proxy.pids():
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak of resident memory begins anew
        amount = {"count": self.count, "warm": 0, "seconds": 60} if self.count else {"seconds": seconds or self.seconds}
        done = subprocess.run(self.command(proxy, case, **amount), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"{proxy.name}, {' '.join(map(str, case))}: {done.stderr}")
        return self.note(proxy, json.loads(done.stdout))

    def note(self, proxy, result):
        """Counts the answers, which the proxy's ledger must have, and derives what tables show."""
        self.next_id += result["answered_all"]
        proxy.answered += result["answered_all"]
        if result["answered"] == 0:
            raise Failure(f"{proxy.name}: nothing was answered in {result['seconds']} s")
        result["cpu_us"] = result["cpu_ns"] / 1000 / result["answered"]
        result["rps"] = result["answered"] / result["seconds"]
        result["peak_kb"] = proxy.peak_kb()
        return result

    def run(self, cases, rounds, proxies=None, until=None, seconds=None):
        """Each case through each proxy, each round beginning with another one. Ends early, but after one round, at `until`."""
        proxies = proxies or self.proxies
        for number in range(rounds):
            if number > 0 and until and time.monotonic() > until:
                print(f"time is up: {number} rounds of {rounds}", flush=True)
                return
            turn = number % len(proxies)
            for case in cases:
                for proxy in proxies[turn:] + proxies[:turn]:
                    result = self.measure(proxy, case, seconds)
                    self.results.setdefault((case, proxy.name), []).append(result)
                    self.raw.write(json.dumps({"round": number, **case._asdict(), "setting": proxy.name, **result}) + "\n")
                    self.raw.flush()

    def each(self, case, name, key):
        return [result[key] for result in self.results[case, name]]

    def median(self, case, name, key):
        return statistics.median(self.each(case, name, key))

    def pairs(self, case, name, key, other, other_case=None):
        """One value and the other's of the same round; both were measured within seconds."""
        return list(zip(self.each(case, name, key), self.each(other_case or case, other, key)))

    def ratio(self, case, name, key="cpu_us", other="nginx", other_case=None):
        """(median, lower quartile, upper quartile) over rounds of the ratio within the round."""
        return spread([mine / theirs for mine, theirs in self.pairs(case, name, key, other, other_case)])

    def added(self, case, name, key, other="direct"):
        return spread([mine - theirs for mine, theirs in self.pairs(case, name, key, other)])

    def stop(self):
        """Ends all. A gateway then answers for its ledger."""
        for proxy in self.proxies:
            proxy.stop()
        self.proxies.clear()
        self.upstream.stop()


def spread(values):
    if len(values) == 1:
        return values[0], values[0], values[0]
    lower, middle, upper = statistics.quantiles(values, n=4, method="inclusive")
    return middle, lower, upper
