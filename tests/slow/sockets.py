"""Slow sockets: many connections that ask for next to nothing, from several loopback addresses.

`python3 sockets.py PORT COUNT KIND [--once]` prints `ready`, and at the end of its standard input one line of JSON. A socket
that the gateway closes is opened again; with --once it is not, and the line comes as soon as none is left. KIND is `head` (a
head that never ends, a byte every few seconds), `body` (the same with a body), or `idle` (nothing at all).
"""
import collections
import heapq
import json
import re
import select
import socket
import sys
import time

EVERY = 3.0          # seconds between two bytes on one socket
PER_ADDRESS = 200    # below limits.connections_per_address
OPENING = 200        # connects under way at a time: the backlog is shared with honest clients

HEAD = "POST /mcp/demo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
FIRST = {"idle": "", "head": HEAD + "X-Slow: ", "body": HEAD + "Content-Length: 100000\r\n\r\n"}


class Crowd:
    def __init__(self, port, count, kind, once):
        self.port, self.count, self.kind, self.once = port, count, kind, once
        self.first = (FIRST[kind] % port if FIRST[kind] else "").encode()
        self.poll = select.epoll()
        self.all, self.due, self.to_open = {}, [], collections.deque(range(count))
        self.opening, self.ready = set(), False
        self.ends = collections.Counter()

    def open(self, place):
        one = socket.socket()
        one.setblocking(False)
        one.bind((f"127.0.1.{1 + place // PER_ADDRESS}", 0))
        one.connect_ex(("127.0.0.1", self.port))
        self.all[one.fileno()] = (one, place)
        self.opening.add(one.fileno())
        self.poll.register(one, select.EPOLLOUT)

    def begin(self, fd):
        self.opening.discard(fd)
        self.poll.modify(fd, select.EPOLLIN)
        if self.first:
            self.all[fd][0].send(self.first)
            heapq.heappush(self.due, (time.monotonic() + EVERY, fd, self.all[fd][0]))

    def heard(self, fd):
        """The gateway never speaks to these but to be rid of them."""
        one, place = self.all[fd]
        try:
            said = one.recv(4096)
        except OSError:
            said = b""
        status = re.match(rb"HTTP/1.1 (\d+)", said)
        self.ends[status[1].decode() if status else "closed"] += 1
        del self.all[fd]
        self.opening.discard(fd)
        one.close()
        if not self.once:
            self.to_open.append(place)

    def trickle(self):
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            _, fd, one = heapq.heappop(self.due)
            if self.all.get(fd, (None,))[0] is not one:
                continue  # it was closed since
            try:
                one.send(b"x")
            except OSError:
                continue  # the poll will say so, too
            heapq.heappush(self.due, (now + EVERY, fd, one))

    def run(self):
        self.poll.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
        while not self.ready or self.all or not self.once:
            while self.to_open and len(self.opening) < OPENING:
                self.open(self.to_open.popleft())
            for fd, event in self.poll.poll(0.05):
                if fd == sys.stdin.fileno():
                    return
                if fd in self.opening and event == select.EPOLLOUT:
                    self.begin(fd)
                else:
                    self.heard(fd)
            self.trickle()
            if not self.ready and not self.to_open and not self.opening:
                self.ready = True
                print("ready", flush=True)


def main():
    crowd = Crowd(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], "--once" in sys.argv)
    crowd.run()
    print(json.dumps({"open": len(crowd.all), "ends": crowd.ends}), flush=True)


main()
