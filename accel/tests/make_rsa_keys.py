#!/usr/bin/env python3
"""Searches the RSA keys of rsa_keys.txt: pip install gmpy2; accel/tests/make_rsa_keys.py > accel/tests/rsa_keys.txt

RSA with an exponent that is prime to the order works modulo any product of different primes, one prime included. So a modulus
can have nearly any shape and signatures all the same. Each line: a name, the modulus and the private exponent, in hex.
The numbers are the same in each run. The keys are for these tests and used nowhere else.
"""
import random
import gmpy2
from gmpy2 import mpz

E = 65537
LIMB = 52


def usable(*primes):
    return len(set(primes)) == len(primes) and all((p - 1) % E for p in primes)


def line(name, *primes):
    assert usable(*primes) and all(gmpy2.is_prime(p, 25) for p in primes)
    n, order = mpz(1), mpz(1)
    for p in primes:
        n, order = n * p, gmpy2.lcm(order, p - 1)
    d = gmpy2.invert(E, order)
    print(f"{name}_{n.bit_length()} {n:x} {d:x}", flush=True)


def prime(bits, chance):
    while True:
        p = gmpy2.next_prime(mpz(chance.getrandbits(bits)) | 3 << (bits - 2))
        if p.bit_length() == bits and usable(p):
            return p


def primes(step, start):
    """The primes from there on, in one direction."""
    while True:
        start = step(start)
        yield start


def first(candidates, bits):
    """The first prime of that many bits among the candidates."""
    for n in candidates:
        if n.bit_length() == bits and n % 2 and usable(n) and gmpy2.is_prime(n, 2):
            return n
    raise SystemExit("no prime of that shape")


def keys(bits):
    chance = random.Random(bits)
    half, full, top = bits // 2, mpz(1) << bits, mpz(1) << (bits - 1)

    for count in range(2):
        line(f"random{count}", prime(half, chance), prime(half, chance))

    # The upper half of all bits is ones.
    p = prime(half, chance)
    q = full // p
    line("upper_ones", p, first(primes(gmpy2.prev_prime, q), q.bit_length()))

    # The lower half is, but for some bits in the middle that it took to find a prime.
    low = half - 32
    n = 0
    while n.bit_length() != bits:
        p = prime(half, chance)
        rest = (-gmpy2.invert(p, mpz(1) << low)) % (mpz(1) << low)
        q = first((rest + (mpz(chance.getrandbits(32)) << low) for _ in range(10**6)), half)
        n = p * q
    line("lower_ones", p, q)

    # One prime each, the nearest to an exact shape.
    line("below_power_of_two", first(primes(gmpy2.prev_prime, full), bits))
    line("above_power_of_two", first(primes(gmpy2.next_prime, top), bits))
    pairs = [(mpz(1) << i, mpz(1) << j) for i in range(bits - 2, 0, -53) for j in range(1, i)]
    line("sparse", first((top + i + j + 1 for i, j in pairs), bits))
    line("runs_of_ones", first((full - i + j - 1 for i, j in pairs), bits))
    for name, parity in (("even_limbs_ones", 0), ("odd_limbs_ones", 1)):
        ones = (mpz(1) << LIMB) - 1
        pattern = top + sum(ones << (k * LIMB) for k in range(parity, bits // LIMB, 2))
        line(name, first(primes(gmpy2.next_prime, pattern - 1), bits))


for size in (2048, 3072, 4096):
    keys(size)
