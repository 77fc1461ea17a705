"""The peer that Python services run today: atlassian-jwt-auth.

    peer.py sign PRIVATE_KEYS ISSUER AUDIENCE    prints tokens, one JSON object a line, as `asap verify --input jsonl` reads them
    peer.py verify BASE_URL AUDIENCE ISSUER      judges such lines by the keys at BASE_URL (the certificate authority is in the file that
                                                 INTEROP_CA_FILE names); exits with 1 if a verdict is not the expected one
    peer.py data-uri FILE KEY_ID                 prints the private key in FILE as the data URI that services get in ASAP_PRIVATE_KEY
    peer.py certificate DIR                      writes ca.pem, cert.pem and key.pem for 127.0.0.1

Every signed token comes with two twins that must be refused: one whose claims were changed after it was signed, and one for
another audience. `id` ends in the verdict that is expected.
"""

import base64
import datetime
import ipaddress
import json
import os
import pathlib
import sys
import urllib.parse

import atlassian_jwt_auth
from atlassian_jwt_auth.algorithms import get_permitted_algorithm_names
from atlassian_jwt_auth.key import DataUriPrivateKeyRetriever, HTTPSPublicKeyRetriever
from atlassian_jwt_auth.signer import JWTAuthSigner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def sign(private_keys, issuer, audience):
    for algorithm in get_permitted_algorithm_names():
        key_id = f"{issuer}/{algorithm.lower()}"
        file = pathlib.Path(private_keys, f"{key_id}.pem")
        pem = file.read_text()
        signer = atlassian_jwt_auth.create_signer(
            issuer, key_id, pem, algorithm=algorithm
        )
        name = f"python/{algorithm}"
        token = signer.generate_jwt(audience).decode()
        show(f"{name}/accepted", token)
        show(f"{name}/two-audiences/accepted", signer.generate_jwt(["other", audience]).decode())
        show(f"{name}/changed/refused", change_claims(token))
        show(f"{name}/other-audience/refused", signer.generate_jwt("other").decode())
        from_uri = JWTAuthSigner(
            issuer, DataUriPrivateKeyRetriever(data_uri(file, key_id)), algorithm=algorithm
        )
        show(f"{name}/data-uri/accepted", from_uri.generate_jwt(audience).decode())


def verify(base_url, audience, _issuer):
    verifier = atlassian_jwt_auth.JWTAuthVerifier(HTTPSPublicKeyRetriever(base_url))
    wrong = 0
    for line in sys.stdin:
        case = json.loads(line)
        try:
            verifier.verify_jwt(case["token"], audience, verify=os.environ["INTEROP_CA_FILE"])
            verdict, reason = "accepted", ""
        except Exception as error:  # the library lets errors of several others through
            verdict, reason = "refused", type(error).__name__
        wrong += report(case["id"], verdict, reason)
    sys.exit(1 if wrong else 0)


def report(case_id, verdict, reason):
    is_wrong = not case_id.endswith(verdict)
    print(f"{'WRONG ' if is_wrong else ''}{case_id}: {verdict} {reason}".rstrip())
    return is_wrong


def show(case_id, token):
    print(json.dumps({"id": case_id, "token": token}))


def change_claims(token):
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["sub"] = claims["iss"] + "-of-another"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{header}.{changed}.{signature}"


def data_uri(file, key_id):
    key = serialization.load_pem_private_key(pathlib.Path(file).read_bytes(), None)
    der = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    encoded = base64.b64encode(der).decode()
    return f"data:application/pkcs8;kid={urllib.parse.quote_plus(key_id)};base64,{encoded}"


def certificate(directory):
    ca_key, ca = issue("interop CA", None)
    leaf_key, leaf = issue("127.0.0.1", (ca_key, ca))
    for name, content in [
        ("ca.pem", ca.public_bytes(serialization.Encoding.PEM)),
        ("cert.pem", leaf.public_bytes(serialization.Encoding.PEM)),
        (
            "key.pem",
            leaf_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        ),
    ]:
        pathlib.Path(directory, name).write_bytes(content)


def issue(name, signed_by):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key, issuer = (key, subject) if signed_by is None else (signed_by[0], signed_by[1].subject)
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(signed_by is None, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if signed_by is not None:
        address = x509.IPAddress(ipaddress.ip_address(name))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return key, builder.sign(issuer_key, hashes.SHA256())


if __name__ == "__main__":
    commands = {
        "sign": sign,
        "verify": verify,
        "data-uri": lambda file, key_id: print(data_uri(file, key_id)),
        "certificate": certificate,
    }
    commands[sys.argv[1]](*sys.argv[2:])
