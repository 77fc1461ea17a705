#!/usr/bin/env python3
"""Makes forgeries.txt: keys and signatures that no library makes, by arithmetic on whole numbers alone.

    python3 tests/attacks/make_forgeries.py > tests/attacks/forgeries.txt

Every run writes the same bytes: the "random" numbers are SHA-256 of a counter. None of the keys guards anything.
Lines are either

    key NAME BASE64(SubjectPublicKeyInfo in DER)
    sig ROW KEY ALG JTI NAME BASE64URL(signature)

where the signature is over the token that tests/src/token.rs makes for kid client/KEY, ALG and JTI.
"""

import base64
import hashlib
import sys

COUNTER = 0


def random_bits(bits):
    global COUNTER
    out = b""
    while len(out) * 8 < bits:
        out += hashlib.sha256(b"asap-engine attacks %d" % COUNTER).digest()
        COUNTER += 1
    return int.from_bytes(out, "big") >> (len(out) * 8 - bits)


SMALL = [p for p in range(3, 2000, 2) if all(p % q for q in range(3, int(p**0.5) + 1, 2))]


def is_prime(n):
    if any(n % p == 0 for p in SMALL):
        return n in SMALL
    d, r = n - 1, 0
    while d % 2 == 0:
        d, r = d // 2, r + 1
    for _ in range(20):
        x = pow(random_bits(n.bit_length() - 1) | 2, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(r - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(bits, e):
    while True:
        # The eight highest bits are set, so that a product of sixteen has all of its bits.
        p = random_bits(bits) | 255 << (bits - 8) | 1
        if (p - 1) % e and is_prime(p):
            return p


def der(tag, body):
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def integer(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


RSA_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")
ED25519_ALGORITHM = bytes.fromhex("300506032b6570")


def spki(algorithm, bits):
    return der(0x30, algorithm + der(3, b"\0" + bits))


class Rsa:
    def __init__(self, name, sizes, e, shown_e=None):
        self.name, self.e = name, e
        while True:
            primes = [prime(bits, e) for bits in sizes]
            self.n = phi = 1
            for p in primes:
                self.n, phi = self.n * p, phi * (p - 1)
            if self.n.bit_length() == sum(sizes) and len(set(primes)) == len(primes):
                break
        self.d = pow(e, -1, phi)
        self.length = (self.n.bit_length() + 7) // 8
        public = der(0x30, integer(self.n) + integer(shown_e or e))
        print("key", name, base64.b64encode(spki(RSA_ALGORITHM, public)).decode())

    def raw(self, em):
        return pow(int.from_bytes(em, "big"), self.d, self.n).to_bytes(self.length, "big")


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signing_input(key, alg, jti):
    header = '{"alg":"%s","kid":"client/%s"}' % (alg, key)
    claims = '{"iss":"client","aud":"server","iat":1700000000,"exp":1700000060,"jti":"%s"}' % jti
    return ("%s.%s" % (b64url(header.encode()), b64url(claims.encode()))).encode()


def emit(row, key, alg, jti, name, signature):
    print("sig", row, key, alg, jti, name, b64url(signature))


DIGEST_INFO = {
    "256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


def digest(bits, message):
    return hashlib.new("sha" + bits, message).digest()


def padded(length, tail, start=b"\0\1", fill=b"\xff", separator=b"\0"):
    """00 01 ff ... ff 00 tail"""
    return start + fill * (length - len(start) - len(separator) - len(tail)) + separator + tail


def pkcs1(key, alg, jti):
    hashed = digest(alg[2:], signing_input(key.name, alg, jti))
    return padded(key.length, DIGEST_INFO[alg[2:]] + hashed)


def sign(row, key, alg, jti, name):
    emit(row, key.name, alg, jti, name, key.raw(pkcs1(key, alg, jti)))


def root(n, e):
    """The whole part of the e-th root."""
    low, high = 0, 1 << (n.bit_length() // e + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**e <= n else (low, middle - 1)
    return low


def odd_keys():
    """KEY-07 to KEY-09: the size and the exponent. Each signature is good by the arithmetic of its key, but for an even
    exponent, which has none."""
    for bits, sizes in [(1024, [512] * 2), (1536, [768] * 2), (2041, [1021, 1020]), (2047, [1024, 1023])]:
        sign("KEY-07", Rsa("rsa-%d" % bits, sizes, 65537), "RS256", "-", "%d-bits" % bits)
    for bits, sizes in [(2048, [1024] * 2), (2049, [1025, 1024]), (4096, [1024] * 4)]:
        sign("KEY-07", Rsa("rsa-%d" % bits, sizes, 65537), "RS256", "-", "good-%d-bits" % bits)
    for name, e in [("3", 3), ("17", 17), ("33-bits", (1 << 32) + 15)]:
        key = Rsa("rsa-e-" + name, [1024] * 2, e)
        sign("KEY-08", key, "RS256", "-", "good-exponent-" + name)
        sign("KEY-08", key, "RS512", "-", "good-exponent-%s-RS512" % name)
    one = Rsa("rsa-e-1", [1024] * 2, 3, shown_e=1)
    emit("KEY-08", one.name, "RS256", "-", "exponent-1", pkcs1(one, "RS256", "-"))
    even = Rsa("rsa-e-65536", [1024] * 2, 65537, shown_e=65536)
    emit("KEY-08", even.name, "RS256", "-", "exponent-65536", pkcs1(even, "RS256", "-"))
    for name, e in [("34-bits", (1 << 33) + 17), ("256-bits", (1 << 255) + 95)]:
        sign("KEY-08", Rsa("rsa-e-" + name, [1024] * 2, e), "RS256", "-", "exponent-" + name)
    # A modulus of many primes is as good as one of two, and quicker to make.
    sign("KEY-09", Rsa("rsa-8192", [1024] * 8, 65537), "RS256", "-", "good-8192-bits")
    sign("KEY-09", Rsa("rsa-8193", [1024] * 7 + [1025], 65537), "RS256", "-", "8193-bits")
    sign("KEY-09", Rsa("rsa-16384", [1024] * 16, 65537), "RS256", "-", "16384-bits")


def padding():
    """SIG-01: encodings that a parser of the padding might take (RFC 8017 section 8.2.2 compares instead)."""
    key = Rsa("rsa-padding", [1024] * 2, 65537)
    hashed = digest("256", signing_input(key.name, "RS256", "-"))
    info, length = DIGEST_INFO["256"], key.length
    good = info + hashed
    sign("SIG-01", key, "RS256", "-", "good-padding")
    no_null = bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20" + hashed
    ber = bytes.fromhex("308131300d060960864801650304020105000420") + hashed
    long_null = bytes.fromhex("3032300e06096086480165030402010581000420") + hashed
    other_parameters = bytes.fromhex("3033300f0609608648016503040201040200000420") + hashed
    sha1_oid = bytes.fromhex("3029300906052b0e03021a05000420") + hashed
    indefinite = bytes.fromhex("3080300d060960864801650304020105000420") + hashed + b"\0\0"
    for name, em in [
        ("no-hash-identifier", padded(length, hashed)),
        ("no-NULL", padded(length, no_null)),
        ("length-in-two-octets", padded(length, ber)),
        ("NULL-of-long-form", padded(length, long_null)),
        ("other-parameters", padded(length, other_parameters)),
        ("identifier-of-SHA-1", padded(length, sha1_oid)),
        ("indefinite-length", padded(length, indefinite)),
        ("SHA-512-of-the-token", padded(length, DIGEST_INFO["512"] + digest("512", signing_input(key.name, "RS256", "-")))),
        ("SHA-1-of-the-token", padded(length, bytes.fromhex("3021300906052b0e03021a05000414") + digest("1", signing_input(key.name, "RS256", "-")))),
        ("MD5-of-the-token", padded(length, bytes.fromhex("3020300c06082a864886f70d020505000410") + hashlib.md5(signing_input(key.name, "RS256", "-")).digest())),
        ("block-type-0", padded(length, good, start=b"\0\0", fill=b"\0")),
        ("block-type-2", padded(length, good, start=b"\0\2")),
        ("first-octet-1", padded(length, good, start=b"\1\1")),
        ("filled-with-fe", padded(length, good, fill=b"\xfe")),
        ("filled-with-01", padded(length, good, fill=b"\1")),
        ("separated-by-ff", padded(length, good, separator=b"\xff")),
        ("not-filled", padded(length, good + b"\0" * 202)),
        ("eight-octets-of-fill", b"\0\1" + b"\xff" * 8 + b"\0" + good + b"\x55" * (length - 11 - len(good))),
        ("octets-after", padded(length, good + b"\x55" * 8)),
        ("one-octet-after", padded(length, good + b"\0")),
        ("zero-in-the-fill", b"\0\1" + b"\xff" * 100 + b"\0" + b"\xff" * (length - 104 - len(good)) + b"\0" + good),
        ("hash-cut", padded(length, bytes.fromhex("3030300d06096086480165030402010500041f") + hashed[:31])),
        ("hash-of-other-token", padded(length, info + hashlib.sha256(b"other").digest())),
    ]:
        emit("SIG-01", key.name, "RS256", "-", name, key.raw(em))
    # Bleichenbacher 2006: no private key is needed, as e = 3 and the octets after the hash are free.
    low = Rsa("rsa-cube", [1024] * 2, 3)
    sign("SIG-01", low, "RS256", "-", "good-cube")
    for fill in [8, 1, 0]:
        hashed = digest("256", signing_input(low.name, "RS256", "-"))
        head = b"\0\1" + b"\xff" * fill + b"\0" + info + hashed
        target = int.from_bytes(head + b"\xff" * (low.length - len(head)), "big")
        forged = root(target, 3)
        assert (forged**3).to_bytes(low.length, "big").startswith(head)
        emit("SIG-01", low.name, "RS256", "-", "cube-root-after-%d-octets-of-fill" % fill, forged.to_bytes(low.length, "big"))


def lengths():
    """SIG-02: 256 octets, below the modulus."""
    key = Rsa("rsa-lengths", [1024] * 2, 65537)
    n, length = key.n, key.length
    number = 0
    while True:
        jti = "zero-%d" % number
        signature = key.raw(pkcs1(key, "RS256", jti))
        if signature[0] == 0:
            break
        number += 1
    emit("SIG-02", key.name, "RS256", jti, "good-with-a-leading-zero", signature)
    emit("SIG-02", key.name, "RS256", jti, "leading-zero-left-out", signature[1:])
    emit("SIG-02", key.name, "RS256", jti, "one-more-leading-zero", b"\0" + signature)
    emit("SIG-02", key.name, "RS256", jti, "a-zero-after", signature + b"\0")
    s = int.from_bytes(signature, "big")
    for name, other in [("s-plus-n", s + n), ("n-minus-s", n - s), ("0", 0), ("1", 1), ("n-minus-1", n - 1), ("n", n), ("n-plus-1", n + 1), ("all-ones", (1 << 2048) - 1)]:
        emit("SIG-02", key.name, "RS256", jti, name, other.to_bytes(length, "big"))
    longer = (s + 256 * n).to_bytes(length + 1, "big")
    emit("SIG-02", key.name, "RS256", jti, "s-plus-256-n", longer)


def mgf1(bits, seed, length):
    out = b""
    for counter in range((length + 19) // 20):
        out += digest(bits, seed + counter.to_bytes(4, "big"))
    return out[:length]


def pss(key, alg, jti, salt_length, mgf=None, trailer=0xBC, hashing=None, separator=1, top=0, prefix=bytes(8)):
    bits = hashing or alg[2:]
    hashed = digest(bits, signing_input(key.name, alg, jti))
    salt = hashlib.sha512(b"salt").digest() * 4
    salt = salt[:salt_length]
    h = digest(bits, prefix + hashed + salt)
    db_length = key.length - len(h) - 1
    db = bytes(db_length - salt_length - 1) + bytes([separator]) + salt
    masked = bytearray(a ^ b for a, b in zip(db, mgf1(mgf or bits, h, db_length)))
    masked[0] = (masked[0] & 0x7F) | top
    return key.raw(bytes(masked) + h + bytes([trailer]))


def probabilistic():
    """SIG-03: RFC 7518 section 3.5: salt as long as the hash, MGF1 with the same hash."""
    key = Rsa("rsa-pss", [1024] * 2, 65537)
    for alg, salt in [("PS256", 32), ("PS384", 48), ("PS512", 64)]:
        emit("SIG-03", key.name, alg, "-", "good-" + alg, pss(key, alg, "-", salt))
    for salt in [0, 20, 31, 33, 48, 64, 222]:
        emit("SIG-03", key.name, "PS256", "-", "salt-of-%d" % salt, pss(key, "PS256", "-", salt))
    for alg, salt in [("PS384", 32), ("PS512", 32), ("PS384", 0), ("PS512", 0), ("PS384", 64), ("PS512", 48)]:
        emit("SIG-03", key.name, alg, "-", "%s-salt-of-%d" % (alg, salt), pss(key, alg, "-", salt))
    for mgf in ["1", "384", "512"]:
        emit("SIG-03", key.name, "PS256", "-", "MGF1-with-SHA-" + mgf, pss(key, "PS256", "-", 32, mgf=mgf))
    emit("SIG-03", key.name, "PS512", "-", "PS512-MGF1-with-SHA-256", pss(key, "PS512", "-", 64, mgf="256"))
    for bits, salt in [("1", 20), ("384", 48), ("512", 64), ("1", 32)]:
        emit("SIG-03", key.name, "PS256", "-", "SHA-%s-and-salt-of-%d" % (bits, salt), pss(key, "PS256", "-", salt, hashing=bits))
    for trailer in [0xCC, 0, 0xBD]:
        emit("SIG-03", key.name, "PS256", "-", "trailer-%02x" % trailer, pss(key, "PS256", "-", 32, trailer=trailer))
    emit("SIG-03", key.name, "PS256", "-", "separator-0", pss(key, "PS256", "-", 32, separator=0))
    emit("SIG-03", key.name, "PS256", "-", "separator-2", pss(key, "PS256", "-", 32, separator=2))
    emit("SIG-03", key.name, "PS256", "-", "top-bit-set", pss(key, "PS256", "-", 32, top=0x80))
    emit("SIG-03", key.name, "PS256", "-", "prefix-of-ones", pss(key, "PS256", "-", 32, prefix=b"\1" * 8))


# Ed25519 as in RFC 8032 section 6, on affine coordinates.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P:
        return None
    return (P - x) % P if x & 1 != sign else x


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def times(k, point):
    out = (0, 1)
    while k:
        if k & 1:
            out = add(out, point)
        point, k = add(point, point), k >> 1
    return out


BASE = (recover_x(4 * pow(5, -1, P) % P, 0), 4 * pow(5, -1, P) % P)


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def ed25519_key(name, point):
    print("key", name, base64.b64encode(spki(ED25519_ALGORITHM, point)).decode())


def hash_number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


class Ed25519:
    def __init__(self, name):
        h = hashlib.sha512(name.encode()).digest()
        self.a = (int.from_bytes(h[:32], "little") & ~7 & ~(1 << 255)) | 1 << 254
        self.prefix, self.name = h[32:], name
        self.public = encode(times(self.a, BASE))
        ed25519_key(name, self.public)

    def sign(self, message, domain=b""):
        r = hash_number(domain, self.prefix, message) % L
        big_r = encode(times(r, BASE))
        k = hash_number(domain, big_r, self.public, message)
        return big_r, (r + k * self.a) % L


def edwards():
    """SIG-08, KEY-13."""
    key = Ed25519("ed25519")
    message = signing_input(key.name, "EdDSA", "-")
    r, s = key.sign(message)
    small = lambda n: n.to_bytes(32, "little")
    emit("SIG-08", key.name, "EdDSA", "-", "good-Ed25519", r + small(s))
    for count in [1, 2, 8, 14]:
        emit("SIG-08", key.name, "EdDSA", "-", "S-plus-%d-L" % count, r + small(s + count * L))
    emit("SIG-08", key.name, "EdDSA", "-", "L-minus-S", r + small(L - s))
    emit("SIG-08", key.name, "EdDSA", "-", "highest-bit-of-S", r + small(s | 1 << 255))
    emit("SIG-08", key.name, "EdDSA", "-", "S-before-R", small(s) + r)
    emit("SIG-08", key.name, "EdDSA", "-", "S-big-endian", r + s.to_bytes(32, "big"))
    emit("SIG-08", key.name, "EdDSA", "-", "R-with-the-other-sign", r[:31] + bytes([r[31] ^ 0x80]) + small(s))
    emit("SIG-08", key.name, "EdDSA", "-", "R-is-neutral-and-S-is-0", small(1) + small(0))
    emit("SIG-08", key.name, "EdDSA", "-", "all-zero", bytes(64))
    dom2 = lambda flag: b"SigEd25519 no Ed25519 collisions" + bytes([flag, 0])
    hashed = hashlib.sha512(message).digest()
    for name, part, domain in [("prehash", hashed, dom2(1)), ("prehash-without-domain", hashed, b""), ("context", message, dom2(0))]:
        r, s = key.sign(part, domain)
        emit("SIG-08", key.name, "EdDSA", "-", name, r + small(s))
    # Points of small order: 8 with one spelling each, and their spellings that RFC 8032 section 5.1.3 does not decode.
    generator = next(
        point
        for y in range(2, 100)
        if (x := recover_x(y, 0)) is not None
        for point in [times(L, (x, y))]
        if times(4, point) != (0, 1)
    )
    spellings = set()
    for number in range(8):
        x, y = times(number, generator)
        for value in [y, y + P]:
            if value < 1 << 255:
                spellings.add(encode((x, value)))
                if x == 0:
                    spellings.add(encode((1, value)))
    assert len(spellings) == 14, len(spellings)
    for number, point in enumerate(sorted(spellings)):
        name = "ed25519-small-%d" % number
        ed25519_key(name, point)
        # With R = [S]B the equation holds if the order of A divides k.
        attempt = 0
        while True:
            jti = "small-%d" % attempt
            k = hash_number(encode(BASE), point, signing_input(name, "EdDSA", jti))
            if k % L % 8 == 0:
                break
            attempt += 1
        emit("KEY-13", name, "EdDSA", jti, "small-order-%s" % point.hex(), encode(BASE) + small(1))
    # y = 3 .. with p added, where it is on the curve and the point is of full order.
    for number, y in enumerate(y for y in range(2, 19) if recover_x(y, 0) is not None):
        name = "ed25519-above-p-%d" % number
        ed25519_key(name, (y + P).to_bytes(32, "little"))
        emit("KEY-13", name, "EdDSA", "-", "not-canonical-%d" % y, bytes(64))
    off = next(y for y in range(2, 100) if recover_x(y, 0) is None)
    ed25519_key("ed25519-off-curve", off.to_bytes(32, "little"))
    emit("KEY-13", "ed25519-off-curve", "EdDSA", "-", "off-curve", small(1) + small(0))


if __name__ == "__main__":
    print("# Made by make_forgeries.py, which says what is in a line. Every run makes the same.")
    odd_keys()
    padding()
    lengths()
    probabilistic()
    edwards()
    sys.stdout.flush()
