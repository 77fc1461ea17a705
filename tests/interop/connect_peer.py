"""The library of Connect apps in Python: atlassian-jwt.

    connect_peer.py qsh                             reads requests, prints the canonical request of each as JSON
    connect_peer.py sign SECRET_FILE CLIENT_KEY     reads requests, prints each with a token for it
    connect_peer.py verify SECRET_FILE CLIENT_KEY   reads requests with tokens, judges them; exits with 1 if a verdict is not the
                                                    expected one

A request is a line {"id","method","url"}; the library knows no base URL. What is printed for one is what `asap verify
--input jsonl` reads. `id` ends in the verdict that is expected.
"""

import base64
import json
import pathlib
import sys
import time

import atlassian_jwt
from atlassian_jwt.url_utils import canonicalize_request


def requests():
    return [json.loads(line) for line in sys.stdin]


def show(members):
    print(json.dumps(members))


def qsh():
    for request in requests():
        show(canonicalize_request(request["method"], request["url"]))


def sign(secret_file, client_key):
    secret = pathlib.Path(secret_file).read_text()
    for request in requests():
        case_id, method, url = request["id"], request["method"], request["url"]

        def token(of=secret, **claims):
            return atlassian_jwt.encode_token(method, url, client_key, of, timeout_secs=180, payload_kwargs=claims)

        show({**request, "token": token()})
        if case_id.endswith("refused"):
            continue
        of_another = atlassian_jwt.encode_token(method, "/of/another", client_key, secret)
        now = int(time.time())
        for name, twin in [
            ("expired", token(iat=now - 600, exp=now - 300)),
            ("other-request", of_another),
            ("context", token(qsh="context-qsh")),
            ("other-secret", token(of=secret + "x")),
            ("changed", change(token())),
        ]:
            show({**request, "id": f"{case_id}/{name}/refused", "token": twin})


class App(atlassian_jwt.Authenticator):
    def __init__(self, client_key, secret):
        super().__init__()
        self.secrets = {client_key: secret}

    def get_shared_secret(self, client_key):
        return self.secrets[client_key]


def verify(secret_file, client_key):
    app = App(client_key, pathlib.Path(secret_file).read_text())
    wrong = 0
    for request in requests():
        try:
            app.authenticate(request["method"], request["url"], {"Authorization": "JWT " + request["token"]})
            verdict, reason = "accepted", ""
        except Exception as error:  # the library lets errors of others through
            verdict, reason = "refused", type(error).__name__
        is_wrong = not request["id"].endswith(verdict)
        wrong += is_wrong
        print(f"{'WRONG ' if is_wrong else ''}{request['id']}: {verdict} {reason}".rstrip())
    sys.exit(1 if wrong else 0)


def change(token):
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["sub"] = "another"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{header}.{changed}.{signature}"


if __name__ == "__main__":
    {"qsh": qsh, "sign": sign, "verify": verify}[sys.argv[1]](*sys.argv[2:])
