"""What is compared: one configuration each, all in front of the same upstream, all with one thread."""

import json
import shutil
import subprocess

import tokens
from programs import Failure, Program, free_port

NGINX = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 2000; }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 100000000;
  upstream mcp {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port}{tls};
    location / {{
      proxy_pass http://mcp;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_max_temp_file_size 0;
    }}
  }}
}}
"""

HAPROXY = """
global
  nbthread 1
  maxconn 2000
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 120s
  http-reuse always
frontend mcp
  bind 127.0.0.1:{port}
  default_backend mcp
backend mcp
  server mcp 127.0.0.1:{upstream}
"""

# A policy as a team would write it: several servers, lists with wildcards and exact names, a denylist, prompts and resources.
POLICY = {
    "tenant": "example",
    "default_retention": "90d",
    "tools": {
        "allowlist": [
            *(f"mcp://files/{verb}_{noun}" for verb in ("read", "list", "find") for noun in ("file", "folder", "link", "tag")),
            *(f"mcp://tickets/{verb}_ticket@2.*" for verb in ("read", "list", "comment", "assign")),
            *(f"mcp://mail/{verb}" for verb in ("search", "read", "draft")),
            "mcp://bench/json.*",
            "mcp://bench/sse.*",
        ],
        "denylist": ["mcp://*/delete_*", "mcp://*/admin.*", "mcp://mail/send*", "mcp://*/*@0.*"],
    },
    "servers": {
        "bench": {"prompts": ["review_*"], "resources": ["file:///srv/docs/*"]},
        "files": {"methods": ["tools/*", "resources/*", "initialize", "ping"], "prompts": []},
    },
    "enforcement": {"mode": "enforce"},
}
ALLOW_ALL = {"tools": {"allowlist": ["*"]}}


def rule(number):
    """One of many rules as teams add them: each for a tool or a family of tools, about one argument, half of them about a group of callers."""
    server = ("bench", "files", "tickets", "mail")[number % 4]
    tool = ("json.*", "sse.*", "read_file", "write_file", "*_ticket")[number % 5]
    limit = number % 3 == 0
    condition = {"at": "/limit", "exists": True, "gt": 1000 + number} if limit else {"at": "/query", "exists": True, "prefix": f"drop {number}"}
    who = {"principal": {"groups": [f"group{number % 20}"]}} if number % 2 else {}
    return {"id": f"rule{number}", "when": {**who, "tool": [f"mcp://{server}/{tool}"], "arguments": [condition]}, "effect": "deny"}


RULES = {**ALLOW_ALL, "rules": [rule(number) for number in range(200)]}


class Proxy:
    """One row of the table."""

    program = None
    tls = False
    header = ""  # of every request

    def __init__(self, name):
        self.name = name
        self.answered = 0

    def pids(self):
        return self.program.pids() if self.program else []

    def peak_kb(self):
        return self.program.peak_kb() if self.program else 0

    def resident_kb(self):
        return self.program.resident_kb()

    def stop(self):
        if self.program:
            self.program.stop()


class Direct(Proxy):
    def start(self, folder, upstream):
        self.port = upstream


class Nginx(Proxy):
    command = "nginx"

    def __init__(self, name, tls=False):
        super().__init__(name)
        self.tls = tls

    def start(self, folder, upstream):
        place = folder / self.name
        place.mkdir(parents=True)
        self.port = free_port()
        tls = ""
        if self.tls:
            certificate, key = tokens.certificate(place)
            tls = f" ssl;\n    ssl_certificate \"{certificate}\";\n    ssl_certificate_key \"{key}\""
        (place / "nginx.conf").write_text(NGINX.format(port=self.port, upstream=upstream, tls=tls))
        self.program = Program(self.name, [self.command, "-e", "stderr", "-p", str(place), "-c", "nginx.conf"], place, port=self.port)


class Haproxy(Proxy):
    command = "haproxy"

    def start(self, folder, upstream):
        place = folder / self.name
        place.mkdir(parents=True)
        self.port = free_port()
        (place / "haproxy.cfg").write_text(HAPROXY.format(port=self.port, upstream=upstream))
        self.program = Program(self.name, [self.command, "-db", "-f", "haproxy.cfg"], place, port=self.port)


class Gateway(Proxy):
    """durability: of every call's record. kind: of the tools; other than `read` a call has an intent and an outcome.
    tls: its listener has it. jwt: it asks for a token, which every request brings."""

    def __init__(self, name, binary, durability, policy, kind="read", limits=None, tls=False, jwt=False):
        super().__init__(name)
        self.tls, self.jwt = tls, jwt
        self.binary, self.durability, self.policy, self.kind = binary, durability, policy, kind
        self.limits = limits or {}

    def start(self, folder, upstream):
        self.place = folder / self.name
        self.place.mkdir(parents=True)
        settings = {
            "listen": {"address": "127.0.0.1", "port": 0, "threads": 1},
            "admin": {"address": "127.0.0.1", "port": 0},
            "authn": "anonymous",
            "servers": {"bench": {"url": f"http://127.0.0.1:{upstream}/mcp", "version": "2.1.0", "tools": {"*": {"kind": self.kind}}}},
            "policy": "policy.yaml",
            "limits": self.limits,
            "ledger": {
                "dir": "ledger",
                "key_ref": "file://./keys/ed25519.key",
                "reads": self.durability,
                "side_effects": self.durability,
                "deadline": "20s",  # this machine's disk is not what is judged
            },
        }
        if self.tls:
            certificate, key = tokens.certificate(self.place)
            settings["listen"]["tls"] = {"cert": str(certificate), "key": f"file://{key}"}
        if self.jwt:
            base = settings["listen"]["public_url"] = "http://127.0.0.1:1"
            issuer = tokens.Issuer(self.place)
            settings["authn"] = [{"jwt": {"issuer": issuer.name, "jwks": f"file://{issuer.key_set}", "tenants": ["bench"]}}]
            self.header = f"Authorization: Bearer {issuer.token(base + '/mcp/bench')}"
        if self.policy in (POLICY, RULES):
            for other in ("files", "tickets", "mail"):
                settings["servers"][other] = {"url": f"http://127.0.0.1:{upstream}/mcp"}
        for name, value in (("durward.yaml", settings), ("policy.yaml", self.policy)):
            (self.place / name).write_text(json.dumps(value))  # JSON is YAML
        self.must("keys", "init", "--out", "keys/ed25519.key")
        command = [str(self.binary), "serve", "-c", "durward.yaml"]
        self.program = Program(self.name, command, self.place, ready=r"(?m)^data listener https?://127\.0\.0\.1:(\d+)")
        self.port = self.program.port

    def must(self, *arguments):
        done = subprocess.run([str(self.binary), *arguments], cwd=self.place, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"{self.name}: durward {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def stop(self):
        """Ends it, and checks that its ledger is valid and has one closed call for each answer."""
        if not self.program:
            return
        if (code := self.program.stop()) != 0:
            raise Failure(f"{self.name}: exit {code}: {self.program.said()}")
        self.program = None
        closed = opened = 0
        for segment in sorted((self.place / "ledger").glob("*.ndjson")):
            with segment.open("rb") as lines:
                for line in lines:
                    if b'"method":"tools/call"' not in line:
                        continue
                    closed += b'"type":"call"' in line or b'"type":"outcome"' in line
                    opened += b'"type":"intent"' in line
        self.must("ledger", "verify", "-c", "durward.yaml")
        if closed != self.answered or opened not in (0, closed):
            raise Failure(f"{self.name}: {self.answered} answers, {closed} closed calls and {opened} intents in its ledger")
        shutil.rmtree(self.place / "ledger")
