"""A listener whose backlog is full: it accepts nothing, and the system drops what else would connect."""
import select
import signal
import socket

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
clients = []
while True:
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(listener.getsockname())
    clients.append(client)
    if not select.select([], [client], [], 0.3)[1]:
        break  # dropped: from here on everything is
print("deaf", listener.getsockname()[1], flush=True)
signal.pause()
