"""The gateway and its demonstration server, in a directory of their own."""
import contextlib
import os
import re
import signal
import subprocess
import tempfile

CONFIG = """
listen: {address: 127.0.0.1, port: 0}
admin: {address: 127.0.0.1, port: 0}
authn: anonymous
servers: {demo: {url: "http://127.0.0.1:%d/mcp", tools: {"math.*": {kind: read}}}}
policy: policy.yaml
ledger: {dir: ledger, key_ref: "file://./keys/ed25519.key"}
limits: {%s}
"""


def started(command, pattern, where, log):
    process = subprocess.Popen(command, cwd=where, stdout=subprocess.PIPE, stderr=log, text=True)
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            return process, int(found[1])
    raise RuntimeError(f"{command} ended before it was ready")


class Gateway:
    def __init__(self, process, port):
        self.process, self.port = process, port

    def memory(self):
        """Resident bytes."""
        status = open(f"/proc/{self.process.pid}/status").read()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu(self):
        """Seconds of processor time so far."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(binary, limits):
    """A gateway with these limits (a dict) before a demonstration server. It must end well, too."""
    with tempfile.TemporaryDirectory(prefix="durward-slow-") as where, contextlib.ExitStack() as stack:
        log = stack.enter_context(open(os.path.join(where, "log"), "w+"))
        demo, port = started([binary, "demo", "--port", "0"], r"http://127.0.0.1:(\d+)/", where, log)
        stack.callback(lambda: (demo.send_signal(signal.SIGTERM), demo.wait(30)))
        with open(os.path.join(where, "durward.yaml"), "w") as file:
            file.write(CONFIG % (port, ", ".join(f"{name}: {value}" for name, value in limits.items())))
        with open(os.path.join(where, "policy.yaml"), "w") as file:
            file.write('tools: {allowlist: ["*"]}\n')
        subprocess.run([binary, "keys", "init", "--out", "keys/ed25519.key"], cwd=where, check=True, stdout=subprocess.DEVNULL)
        process, port = started([binary, "serve", "-c", "durward.yaml"], r"data listener http://127.0.0.1:(\d+)", where, log)
        try:
            yield Gateway(process, port)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
            if code != 0:
                log.seek(0)
                raise RuntimeError(f"the gateway ended with {code}:\n{log.read()[-9000:]}")
