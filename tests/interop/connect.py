"""Interop of Connect tokens: which requests are asked about, and what is expected of whom.

The canonical requests of `asap qsh` and of the peers are the same but for the differences in REQUESTS, each of which must be one:
a peer that has mended a fault is noticed. Where a difference is a fault of a peer, its token for that request must be refused.
"""

import json

CLIENT_KEY = "interop-client-key"
SECRET = "7512836e-9137-48ac-baaf-a1935b96e17a"
BASE = "https://app.example/base"

JS, PYTHON = "atlassian-jwt (npm)", "atlassian-jwt (PyPI)"

# Why a canonical request is another one. `asap verify` takes the order of names that the JavaScript library has as well as that of
# the products; it refuses whatever leaves more than one reading.
NAMES_DECODED = "sorts names by their decoded text, which asap takes as the second try"
CODE_POINTS = "sorts values by code points, where the products sort by UTF-16"
ALL_SLASHES = "strips all slashes at both ends of the path"
PATH_PARAMETERS = "leaves an & after a ; of the path as it is"
PROTO = "leaves out a parameter of the name __proto__"
BASE_PREFIX = "strips the base path inside of a segment"
REPLACES = "puts U+FFFD in the place of what is not UTF-8, where asap refuses the request"
KEEPS_ESCAPE = "keeps a broken escape as text, where asap refuses the request"

# Method, path and query, and who differs why.
REQUESTS = [
    ("GET", "/", {}),
    ("get", "/panel", {}),
    ("DELETE", "/panel/", {}),
    ("GET", "/path/to/service?zee_last=param&repeated=parameter%201&first=param&repeated=parameter%202", {}),
    ("GET", "/a?b", {}),
    ("GET", "/a?b=&c=1&&d", {}),
    ("GET", "/a?b=c=d", {}),
    ("GET", "/a?x=y+z&x=y%20z", {}),
    ("GET", "/a?x=~&y=*&z=%2B&w=!%27()", {}),
    ("GET", "/a?jwt=of.the.query&x=1", {}),
    ("GET", "/a?JWT=kept&x=1", {}),
    ("GET", "/a?b=.1&b=.2&b=:1", {}),
    ("GET", "/a?name=%C3%BC&na%20me=%E2%82%AC", {}),
    ("GET", "/a%2Fb/%7e%7E/c%26d", {}),
    ("GET", "/a&b/c?d=e", {}),
    ("GET", "/a;b/c?d=e;f", {}),
    ("GET", "/a/../b/./c", {}),
    ("POST", "/installed?user_key=a,b&user_key=c", {}),
    ("GET", "/a?x=" + "y" * 2000, {}),
    ("GET", "/a?" + "&".join(f"p{n}={n}" for n in range(300)), {}),
    ("GET", "/a?.1=a&:1=b", {JS: NAMES_DECODED}),
    ("GET", "/a?~=a&%C3%BC=b", {JS: NAMES_DECODED}),
    ("GET", "/a?a=1&a-b=2", {}),
    ("GET", "/a?x=%EF%BD%9E&x=%F0%9F%98%80", {PYTHON: CODE_POINTS}),
    ("GET", "//a//", {PYTHON: ALL_SLASHES}),
    ("GET", "/a/b;c&d", {PYTHON: PATH_PARAMETERS}),
    ("GET", "/it's", {}),
    ("GET", "/a?__proto__=x&b=c", {JS: PROTO}),
    ("GET", "/a?b=%FF", {JS: REPLACES, PYTHON: REPLACES}),
    ("GET", "/a?b=%zz", {JS: KEEPS_ESCAPE, PYTHON: KEEPS_ESCAPE}),
]

# The same for an app at /base. The Python library knows no base URL.
BELOW_BASE = [
    ("GET", "/base", {}),
    ("GET", "/base/", {}),
    ("GET", "/base/panel?x=1", {}),
    ("GET", "/base/base/panel", {}),
    ("GET", "/elsewhere", {}),
    ("GET", "/basement?x=1", {JS: BASE_PREFIX}),
]


class Wrong(Exception):
    """A verdict that is not the expected one."""


def requests(name):
    """The requests for a peer, and why its canonical form of each is another one, if it is."""
    tables = [(None, REQUESTS)] if name == PYTHON else [(None, REQUESTS), (BASE, BELOW_BASE)]
    for base, table in tables:
        for method, url, differences in table:
            why = differences.get(name)
            has_another_token = "jwt=" in url
            verdict = "accepted" if why in (None, NAMES_DECODED) and not has_another_token else "refused"
            case_id = f"{base or ''} {method} {url[:60]} {verdict}".strip()
            yield {"id": case_id, "method": method, "url": url, **({"base": base} if base else {})}, why


def lines(members):
    return "".join(json.dumps(one) + "\n" for one in members)


def canonical(asap, request):
    """What `asap qsh` says, or None if it refuses the request."""
    base = ["--base-url", request["base"]] if "base" in request else []
    done = asap.run("qsh", "--method", request["method"], "--url", request["url"], *base)
    return done.stdout.splitlines()[0] if done.returncode == 0 else None


def compare(asap, peer, name):
    """The canonical requests of both, which must be the same where they are said to be and nowhere else."""
    table = list(requests(name))
    theirs = peer.must("qsh", tokens=lines(request for request, _ in table)).splitlines()
    for (request, why), their_own in zip(table, theirs, strict=True):
        own = canonical(asap, request)
        if (own == json.loads(their_own)) != (why is None):
            raise Wrong(f"{request['id']}: asap has {own}, {name} {their_own}, and it is said that it {why}")
    different = sum(why is not None for _, why in table)
    return f"{len(table) - different} canonical requests are the same, {different} differ as documented"


def judge(asap, tokens, *options):
    """Asap's verdicts on lines: each must be the one that the id ends in."""
    done = asap.run("verify", "--input", "jsonl", "--json", *options, tokens=tokens)
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = [one for one in verdicts if not one["id"].endswith(one["verdict"])]
    if wrong or len(verdicts) != len(tokens.splitlines()) or done.returncode != 1:
        raise Wrong(f"asap verify ended with {done.returncode} {done.stderr}\n" + "\n".join(map(str, wrong)))
    codes = sorted({one["code"] for one in verdicts if one["verdict"] == "refused"})
    return f"{len(verdicts)} tokens, refused as they should be: {', '.join(codes)}"


def theirs(asap, peer, name, secret_file):
    """Tokens of the peer, judged by asap."""
    options = ["--tenant", f"{CLIENT_KEY}={secret_file}"]
    signed = peer.must("sign", secret_file, CLIENT_KEY, tokens=lines(request for request, _ in requests(name)))
    of_base = [line for line in signed.splitlines(True) if '"base"' in line]
    of_root = [line for line in signed.splitlines(True) if '"base"' not in line]
    said = judge(asap, "".join(of_root), "--profile", "connect", *options)
    if of_base:
        judge(asap, "".join(of_base), "--profile", "connect", *options, "--base-url", BASE)
    pages = [json.loads(line) for line in of_root]
    pages = [{**one, "id": one["id"].replace("refused", "accepted")} for one in pages if "/context/" in one["id"]]
    bound = json.loads(of_root[0])
    judge(asap, lines([*pages, {**bound, "id": "bound/refused"}]), "--profile", "connect-context", *options)
    return said


def installs(asap, peer, keys, key_id):
    """Tokens of installations that the JavaScript library signs."""
    request = {"id": "install", "method": "POST", "url": "/base/installed?x=1", "base": BASE}
    key = str(keys / "private" / f"{key_id}.pem")
    signed = peer.must("install", key, key_id, CLIENT_KEY, tokens=lines([request]))
    options = ["--profile", "connect-install", "--base-url", BASE, "--keys", str(keys / "public")]
    return judge(asap, signed, *options)


def ours(signer, peer, name, secret_file):
    """Tokens of the library's own signer, judged by the peer."""
    of_root = [(request, why) for request, why in requests(name) if "base" not in request]
    same = [request for request, why in of_root if why is None and request["id"].endswith("accepted")]
    asked = "".join(f"{request['method']} {request['url']}\n" for request in same)
    tokens = signer(CLIENT_KEY, secret_file, "https://product.example", asked)
    cases = []
    for request, token in zip(same, tokens, strict=True):
        header, _, signature = token.split(".")
        other_payload = tokens[0 if token != tokens[0] else 1].split(".")[1]
        cases.append({**request, "token": token})
        cases.append({**request, "id": f"{request['id']}/changed/refused", "token": f"{header}.{other_payload}.{signature}"})
        cases.append({**request, "id": f"{request['id']}/other-request/refused", "url": "/of/another", "token": token})
    done = peer.run("verify", secret_file, CLIENT_KEY, tokens=lines(cases))
    verdicts = done.stdout.splitlines()
    if done.returncode != 0 or len(verdicts) != len(cases):
        wrong = [line for line in verdicts if line.startswith("WRONG")]
        raise Wrong(f"{name} judges tokens of the library otherwise than expected:\n" + "\n".join(wrong) + done.stderr)
    refused = sum(": refused" in line for line in verdicts)
    return f"{len(cases)} tokens, {refused} refused as they should be"
