"""Where the gateway's CPU time goes: a sampling profile by area, and system calls per request beside nginx's."""

import re
import signal
import subprocess

import report
from measure import Case, Rounds
from programs import Failure
from proxies import ALLOW_ALL, POLICY, Gateway, Nginx

CASE = Case("json.300", 16)

# The first that fits names a sample's area. `thread` is compared with the thread's name, the others with library and symbol.
AREAS = [
    ("kernel: sending and receiving", r"\[kernel", r"tcp|inet|ip_|sock|skb|net_|loopback|softirq|copy_(from|to)_iter|sendmsg|recvmsg|recvfrom"),
    ("kernel: waiting and waking", r"\[kernel", r"epoll|ep_|futex|sched|switch|wake|eventfd|poll"),
    ("kernel: files", r"\[kernel", r"ext4|folio|block|jbd|page|iomap|xas_|generic_perform"),
    ("kernel: the rest", r"\[kernel", r""),
    ("allocation", r"", r"malloc|cfree|_int_free|unlink_chunk|operator (new|delete)|free_perturb|calloc|awaitable_frame_base.*new"),
    ("copying and filling memory", r"libc", r"mem(move|cpy|set|cmp|chr)|str(len|cmp)"),
    ("hashing, signing, random numbers", r"libcrypto|libsodium", r""),
    ("JSON", r"", r"durward::json|simdjson"),
    ("ledger", r"", r"durward::audit"),
    ("policy", r"", r"durward::policy::"),
    ("event loop and coroutines", r"", r"boost::asio|pthread_|awaitable"),
    ("HTTP parsing", r"", r"boost::beast|durward::gateway::(Head|request_head|Downstream|ResponseParser)"),
    ("gateway", r"", r"durward::gateway"),
    ("standard library and the rest", r"", r""),
]  # fmt: skip


def area(library, symbol):
    return next(name for name, dso, pattern in AREAS if re.search(dso, library) and re.search(pattern, symbol))


def samples(rounds, proxy):
    """{(thread, area): share of all samples}, while load runs."""
    data = rounds.folder / "perf.data"
    pid = proxy.program.process.pid
    command = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "1999", "-p", str(pid), "-o", str(data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as recorder:
        rounds.measure(proxy, CASE, 8)
        recorder.send_signal(signal.SIGINT)  # upon which it writes what it has
    listing = subprocess.run(["perf", "script", "-i", str(data), "-F", "comm,ip,sym,dso"], capture_output=True, text=True, check=False).stdout
    found = {}
    for line in listing.splitlines():
        parts = re.match(r"\s*(\S+)\s+[0-9a-f]+ (.*) \(([^()]*)\)$", line)
        if parts:
            key = (parts[1], area(parts[3], parts[2]))
            found[key] = found.get(key, 0) + 1
    if not found:
        raise Failure("perf gave no samples")
    return {key: count / sum(found.values()) for key, count in found.items()}


def system_calls(rounds, proxy):
    """{system call: how many a request}. strace counts them while 2,000 requests pass."""
    log = rounds.folder / "strace.log"
    pid = proxy.pids()[-1]  # nginx's worker is its master's child
    with subprocess.Popen(["strace", "-f", "-c", "-U", "calls,name", "-p", str(pid), "-o", str(log)], stderr=subprocess.PIPE, text=True) as tracer:
        tracer.stderr.readline()  # "Process … attached"
        done = subprocess.run(rounds.command(proxy, CASE, count=2000, warm=0, seconds=60), capture_output=True, text=True, check=False)
        tracer.terminate()
    if done.returncode != 0:
        raise Failure(f"{proxy.name}: {done.stderr}")
    rounds.next_id += 2000
    proxy.answered += 2000
    counts = re.findall(r"^\s*(\d+)\s+(\w+)$", log.read_text(), re.MULTILINE)
    return {name: int(count) / 2000 for count, name in counts if name != "total" and int(count) >= 20}


def run(chosen, folder, raw):
    rounds = Rounds(chosen.programs, folder, raw, 1)
    gateways = [Gateway("light", chosen.durward, "buffered", ALLOW_ALL), Gateway("policy+written", chosen.durward, "written", POLICY)]
    rounds.start([Nginx("nginx"), *gateways])
    shares = {proxy.name: samples(rounds, proxy) for proxy in gateways}
    calls = {proxy.name: system_calls(rounds, proxy) for proxy in rounds.proxies}
    rounds.stop()
    tables = {"profile": profile_table(shares["policy+written"]), "calls": calls_table(calls)}
    print("light\n" + profile_table(shares["light"]) + "\n\npolicy+written")
    for name, text in tables.items():
        print(text + "\n")
        if chosen.write:
            report.write_between(report.PAGE, name, text)


def profile_table(shares):
    threads = sorted({thread for thread, _ in shares}, key=lambda thread: -sum(s for (of, _), s in shares.items() if of == thread))
    sums = ("in all", *(f"{sum(share for (of, _), share in shares.items() if of == thread):.1%}" for thread in threads))
    rows = [(name, *(f"{shares.get((thread, name), 0):.1%}" for thread in threads)) for name, _, _ in AREAS]
    return report.table(("share of CPU time", *threads), [*rows, sums])


def calls_table(calls):
    names = sorted(set().union(*calls.values()), key=lambda name: -max(each.get(name, 0) for each in calls.values()))
    rows = [(name, *(f"{each.get(name, 0):.2f}" for each in calls.values())) for name in names]
    return report.table(("system calls a request", *calls), rows)
