"""Honest clients: tool calls at a steady rate over kept connections, and how long each took."""
import collections
import json
import re
import select
import socket
import time

ADD = {"jsonrpc": "2.0", "id": 0, "method": "tools/call", "params": {
    "name": "math.add", "arguments": {"a": 1, "b": 2},
    "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}}


def request(port, number):
    body = json.dumps({**ADD, "id": number})
    return ("POST /mcp/demo HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: math.add\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


class Client:
    def __init__(self, port):
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def ask(self, number, wanted_at):
        self.number, self.wanted_at, self.answer = number, wanted_at, b""
        self.socket.send(request(self.port, number))

    def hear(self):
        """None until the answer is whole; then whether it is the right one."""
        more = self.socket.recv(65536)
        self.answer += more
        head, _, body = self.answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if more and not (length and len(body) >= int(length[1])):
            return None
        good = head.startswith(b"HTTP/1.1 200 ") and length is not None
        return good and json.loads(body).get("id") == self.number and "result" in json.loads(body)


class Clients:
    """So many connections, which live as long as this."""

    def __init__(self, port, count):
        self.port = port
        self.poll = select.epoll()
        self.free = collections.deque(Client(port) for _ in range(count))
        self.by_fd = {client.socket.fileno(): client for client in self.free}
        for fd in self.by_fd:
            self.poll.register(fd, select.EPOLLIN)

    def close(self):
        for client in self.by_fd.values():
            client.socket.close()

    def call(self, rate, count):
        """Seconds that each of `count` calls took from when it was to be sent, whether or not a connection was free then."""
        begin, took, sent, waiting = time.perf_counter(), [], 0, collections.deque()
        while len(took) < count:
            now = time.perf_counter()
            while sent < count and begin + sent / rate <= now:
                waiting.append((sent, begin + sent / rate))
                sent += 1
            while waiting and self.free:
                self.free.popleft().ask(*waiting[0])
                waiting.popleft()
            pause = max(begin + sent / rate - time.perf_counter(), 0) if sent < count else 10
            heard = self.poll.poll(pause)
            if sent == count and not heard:
                raise RuntimeError("a call was not answered within 10 seconds")
            for fd, _ in heard:
                client = self.by_fd[fd]
                good = client.hear()
                if good is None:
                    continue
                if not good:
                    raise RuntimeError(f"a call failed: {client.answer[:300]!r}")
                took.append(time.perf_counter() - client.wanted_at)
                self.free.append(client)
        return took
