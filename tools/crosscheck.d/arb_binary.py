"""One logit in ball arithmetic: with u = |z|, s = log1p(e^-u) and q = 1/(1 + e^u), both accurate
however small, softplus(z) is z + s or s, and sigmoid(z) is 1 - q or q.
"""
from fractions import Fraction

from arb_ball import ONE, ball
from problems import rational_power

ZERO, HALF = Fraction(0), Fraction(1, 2)


def parts(leaf):
    """(head, tail) of a Binary, without its scale."""
    z = leaf.logit
    u = abs(z)

    def s():
        return (-ball(u)).exp().log1p()

    def q():
        e = (-ball(u)).exp()
        return e / (ONE + e)

    if leaf.kind == "softplus":
        return max(z, ZERO), s
    if leaf.kind == "log-sigmoid":
        return min(z, ZERO), lambda: -s()
    if leaf.kind == "sigmoid":
        if z == 0:
            return HALF, None
        return (Fraction(1), lambda: -q()) if z > 0 else (ZERO, q)
    if leaf.kind == "slope":
        if u >= 1:
            return ZERO, lambda: q() * (ONE - q())
        # (1 - tanh²(u/2))/4
        return Fraction(1, 4), None if z == 0 else lambda: -(
            (-ball(u)).expm1() / (ONE + (-ball(u)).exp())) ** 2 / 4
    if leaf.gamma:
        return focal(leaf, s, q)
    # weight·y·softplus(-z) + (1 - y)·softplus(z) and weight·y·(p - 1) + (1 - y)·p
    for_one, for_zero = leaf.weight * leaf.target, 1 - leaf.target
    both = for_one + for_zero
    if leaf.kind == "loss":
        head = for_zero * z if z > 0 else for_one * u
        return head, None if both == 0 else lambda: ball(both) * s()
    if z == 0:
        return both / 2 - for_one, None
    if both == 0:
        return ZERO, None
    if z > 0:
        return for_zero, lambda: -ball(both) * q()
    return -for_one, lambda: ball(both) * q()


def focal(leaf, s, q):
    """(1 - p_t)^γ·loss, or its derivative.

    1 - p_t = E = b + kq with b the weight of the wrong side and k = 1 - 2b, and the loss is
    h + s with h = b·u. Where γ·kq/b is small, b^γ comes out as a factor of an exact head,
    provided that it is rational: should it not be, no breakpoint is near.
    """
    z, y, gamma = leaf.logit, leaf.target, leaf.gamma
    u, side = abs(z), 1 if z > 0 else -1
    b = (1 - y) if z > 0 else y
    if z == 0:
        b = HALF  # E is 1/2 and the loss log 2, whatever y
    k, h = 1 - 2 * b, b * u
    if leaf.kind == "gradient" and z == 0:
        if y == HALF:
            return ZERO, None
        # E^γ(1/2 - y) + γE^(γ-1)(1 - 2y)/4·log 2
        return ZERO, lambda: ball(HALF - y) * half_power(gamma) * (ONE + ball(gamma) * s())
    ratio = k / b if b else ZERO
    exact = rational_power(b, gamma) if b else None
    split = exact is not None and u > 2 + int(gamma * abs(ratio)).bit_length()

    def log_error():
        """log E, with E = q when b = 0."""
        if b == 0:
            return -ball(u) - s()
        return ball(b).log() + (ball(ratio) * q()).log1p()

    def raised():
        return (ball(gamma) * log_error()).exp()

    def second():
        """γE^(γ-1)·k·q(1 - q)·(h + s)"""
        small = q()
        return (ball(gamma) * (ball(gamma - 1) * log_error()).exp() * ball(k) * small
                * (ONE - small) * (ball(h) + s()))

    def growth():
        """(E/b)^γ - 1"""
        return (ball(gamma) * (ball(ratio) * q()).log1p()).expm1()

    if leaf.kind == "loss":
        if split:
            return exact * h, lambda: ball(exact) * (growth() * ball(h)
                                                     + (ONE + growth()) * s())
        return ZERO, lambda: raised() * (ball(h) + s())
    if split:
        return side * exact * b, lambda: side * (
            ball(exact) * (growth() * ball(b) - (ONE + growth()) * q()) - second())
    return ZERO, lambda: side * (raised() * (ball(b) - q()) - second())


def half_power(gamma):
    return (ball(gamma) * ball(HALF).log()).exp()
