"""Certificates and tokens for one run, made by openssl on the spot: none expires in the repository."""

import base64
import json
import subprocess
import time

from programs import Failure


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    if done.returncode != 0:
        raise Failure(f"openssl {arguments[0]}: exit {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def certificate(folder):
    """(certificate, key): files. Self-signed ECDSA, as both sides of a comparison have it."""
    folder = folder.resolve()
    out, key = folder / "tls.pem", folder / "tls.key"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", out,
            "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")  # fmt: skip
    key.chmod(0o600)
    return out, key


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs with Ed25519, and publishes its key as a file."""

    name = "https://issuer.example.com"

    def __init__(self, folder):
        self.folder = folder.resolve()
        self.key, self.key_set = self.folder / "issuer.pem", self.folder / "jwks.json"
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.key)
        raw = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")[-32:]
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), "kid": "bench", "alg": "EdDSA", "use": "sig"}
        self.key_set.write_text(json.dumps({"keys": [jwk]}))

    def token(self, audience):
        now = int(time.time())
        claims = {"iss": self.name, "sub": "agent", "aud": audience, "iat": now, "exp": now + 3600, "org": "bench", "client_id": "bench"}
        signed = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": "EdDSA", "kid": "bench", "typ": "at+jwt"}, claims))
        text = self.folder / "token.txt"
        text.write_text(signed)
        return f"{signed}.{b64(openssl('pkeyutl', '-sign', '-inkey', self.key, '-rawin', '-in', text))}"
