"""Starts and ends the programs of a run. Each is ended by its own pid, also when the run fails."""

import atexit
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

running = []


class Failure(Exception):
    """A sentence for whoever started the run."""


# Where Debian has what a run calls; a name that is not here is its own package.
PACKAGES = {"nginx": "nginx-light", "perf": "linux-perf"}


def need(*commands):
    """Fails, in one line, if a command is not installed: before anything is built."""
    os.environ["PATH"] += ":/usr/sbin"  # where nginx and haproxy are, which a user's path leaves out
    missing = [command for command in commands if not shutil.which(command)]
    if missing:
        packages = " ".join(PACKAGES.get(command, command) for command in missing)
        raise Failure(f"missing {', '.join(missing)}: sudo apt-get install --no-install-recommends {packages}")


class Program:
    """A program under measurement. It is over when `stop` returns."""

    def __init__(self, name, command, folder, ready=None, port=None):
        """ready: a pattern in its output whose group is the port; else it is ready when `port` accepts connections."""
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self.port, self.folder = name, port, folder
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        running.append(self)
        self.wait_until_ready(ready)

    def wait_until_ready(self, ready):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended at once: {self.said()}")
            if ready and (found := re.search(ready, self.said())):
                self.port = int(found[1])
                return
            if not ready:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                        return
            time.sleep(0.02)  # between two looks at the condition
        raise Failure(f"{self.name} is not ready after 20 s: {self.said()}")

    def said(self):
        return self.log.read_text(errors="replace")[-4000:]

    def pids(self):
        """The process and its children: nginx answers in a worker."""
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def peak_kb(self):
        return sum(self.status(pid, "VmHWM") for pid in self.pids())

    def resident_kb(self):
        return sum(self.status(pid, "VmRSS") for pid in self.pids())

    @staticmethod
    def status(pid, key):
        return int(re.search(rf"^{key}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1])

    def stop(self):
        """Ends it and returns its exit code."""
        if self in running:
            running.remove(self)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failure(f"{self.name} did not end on SIGTERM within 40 s") from None
        return self.process.returncode


@atexit.register
def stop_all():
    for program in reversed(list(running)):
        try:
            program.stop()
        except Failure as failure:
            print(failure)  # the run has failed already


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
