"""Whether the benchmark itself works, in seconds and without a judgement of speed; and whether its checks can fail."""

import shutil

import figures
from measure import Case, Rounds
from programs import Failure, Program
from proxies import ALLOW_ALL, POLICY, RULES, Direct, Gateway, Haproxy, Nginx

CASES = [
    Case("json.300", 4), Case("json.100000", 2), Case("sse.10000", 4), Case("json.300", 4, rate=500),
    Case("json.300", 4, traffic="session"), Case("json.300", 4, traffic="modern"),
]  # fmt: skip


def must_fail(what, action, said):
    try:
        action()
    except Failure as failure:
        if said not in str(failure):
            raise Failure(f"{what}: refused for another reason: {failure}") from None
        print(f"noticed: {what}")
        return
    raise Failure(f"{what}: not noticed")


def run(chosen, folder, raw):
    rounds = Rounds(chosen.programs, folder, raw, 1, count=100)
    gateways = [
        Gateway("light", chosen.durward, "buffered", ALLOW_ALL),
        Gateway("policy+written", chosen.durward, "written", POLICY),
        Gateway("synced", chosen.durward, "synced", POLICY, kind="mutate"),
        Gateway("light, TLS", chosen.durward, "buffered", ALLOW_ALL, tls=True),
        Gateway("light, JWT", chosen.durward, "buffered", ALLOW_ALL, jwt=True),
        Gateway("light, 200 rules", chosen.durward, "buffered", RULES),
    ]
    others = []
    for kind in (Nginx, Haproxy):
        if shutil.which(kind.command):
            others.append(kind(kind.command))
        else:
            print(f"{kind.command}: not installed, left out")
    rounds.start([Direct("direct"), *others, *gateways])
    rounds.run(CASES, 1)
    for proxy in rounds.proxies:
        print(f"{proxy.name}: {proxy.answered} answers")
    rounds.stop()

    beside = Rounds(chosen.programs, folder / "beside", raw, 1, count=100)
    print(f"idle connections: {figures.idle_connections(beside, chosen.durward, 300):.1f} KB each")
    lossy = Gateway("lossy", chosen.durward, "written", POLICY)
    beside.start([lossy])
    beside.measure(lossy, CASES[0])
    lossy.answered += 1
    must_fail("a call without a record", lossy.stop, "101 answers, 100 closed calls")
    wrong = Program("wrong", [str(chosen.programs / "bench_upstream"), "--wrong-every", "10"], folder, ready=r"listens on (\d+)")
    liar = Direct("liar")
    liar.start(folder, wrong.port)
    must_fail("an answer with a wrong id", lambda: beside.measure(liar, CASES[0]), "got status 200")
    wrong.stop()
    beside.proxies.clear()
    beside.stop()
    print(f"the ledger alone: {', '.join(figures.ledger_alone(chosen.programs, folder, 0.1, raw))}")
