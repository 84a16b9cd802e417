"""Arrays of every kind, and arguments that are wrong: never the end of the interpreter."""

import ctypes
import multiprocessing
import os
import subprocess
import sys
import threading

import ml_dtypes
import numpy as np
import pytest

import loss_oracle as lo

X = np.array([[1, 2, 3], [50, 0, -1]], np.float32)
T = np.array([2, 0])


def test_memory_may_lie_in_any_way():
    expected = lo.cross_entropy(X, T)
    wide = np.zeros((2, 6), np.float32)
    wide[:, ::2] = X
    raw = np.zeros(X.nbytes + 1, np.uint8)
    raw[1:] = X.reshape(-1).view(np.uint8)
    unaligned = raw[1:].view(np.float32).reshape(2, 3)
    read_only = X.copy()
    read_only.flags.writeable = False
    for x in [
        np.asfortranarray(X),
        wide[:, ::2],
        X[::-1][::-1],
        X.astype(">f4"),
        unaligned,
        read_only,
        np.broadcast_to(X, (1, 2, 3))[0],
    ]:
        assert (lo.cross_entropy(x, T) == expected).all()
    for t in [T.astype(np.int8), T.astype(">i4"), T.astype(np.uint64), [2, 0], T[::-1][::-1]]:
        assert (lo.cross_entropy(X, t) == expected).all()
    assert (lo.cross_entropy(X.T, T, axis=0) == expected).all()
    assert (lo.softmax(X.T, axis=0) == lo.softmax(X).T).all()
    assert lo.cross_entropy(X[0], 2).shape == ()
    assert lo.cross_entropy(X[:0], T[:0]).shape == (0,)
    assert lo.softmax(np.zeros((0, 4, 3), np.float16)).shape == (0, 4, 3)
    assert lo.sigmoid(0.5) == lo.sigmoid(np.float64(0.5))
    assert lo.softmax([0, 0]).tolist() == [0.5, 0.5]


def test_special_values_follow_the_conventions():
    nan = np.array([[np.nan, 0], [np.inf, 0], [-np.inf, 0]], np.float32)
    values = lo.cross_entropy(nan, [0, 0, 1])
    assert np.isnan(values[0]) and values[2] == 0
    assert np.isnan(lo.sigmoid(np.float32(np.nan))) and lo.sigmoid(np.float32(np.inf)) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: lo.cross_entropy(X, [0]),
        lambda: lo.cross_entropy(X, [0, 3]),
        lambda: lo.cross_entropy(X, [0, -1]),
        lambda: lo.cross_entropy(X, np.array([2**63, 0], np.uint64)),
        lambda: lo.cross_entropy(X, None),
        lambda: lo.cross_entropy(X, X[:, :2]),
        lambda: lo.cross_entropy(X, X),
        lambda: lo.cross_entropy(X, X.astype(np.float64)),
        lambda: lo.cross_entropy(X, "ab"),
        lambda: lo.cross_entropy(X, T, axis=5),
        lambda: lo.cross_entropy(X, T, axis="last"),
        lambda: lo.cross_entropy(X, T, reduction="median"),
        lambda: lo.cross_entropy(X, T, label_smoothing=2),
        lambda: lo.cross_entropy(X, T, label_smoothing=float("nan")),
        lambda: lo.cross_entropy(X, T, label_smoothing="much"),
        lambda: lo.cross_entropy(X, T, class_weights=[1, 2]),
        lambda: lo.cross_entropy(X, T, class_weights=[1, 2, -3]),
        lambda: lo.cross_entropy(X, T, class_weights=7),
        lambda: lo.cross_entropy(X, T, ignore_index=0.5),
        lambda: lo.cross_entropy(X, T, temperature=0),
        lambda: lo.cross_entropy(X, T, dtype="float33"),
        lambda: lo.cross_entropy(X, T, dtype=object()),
        lambda: lo.cross_entropy(np.float32(1), 0),
        lambda: lo.cross_entropy(np.zeros((2, 0), np.float32), T),
        lambda: lo.cross_entropy(np.zeros((2, 3), int), T),
        lambda: lo.cross_entropy(np.zeros((2, 3), complex), T),
        lambda: lo.cross_entropy(np.zeros((2, 3), object), T),
        lambda: lo.cross_entropy(np.zeros((2, 3), np.longdouble), T),
        lambda: lo.cross_entropy(np.ma.masked_array(X), T),
        lambda: lo.cross_entropy([[1, 2], [3]], T),
        lambda: lo.cross_entropy({}, T),
        lambda: lo.cross_entropy(b"12345678", T),
        lambda: lo.softmax(None),
        lambda: lo.binary_cross_entropy(X, np.full((2, 3), 2)),
        lambda: lo.binary_cross_entropy(X, np.full((2, 3), 1.5, np.float32)),
        lambda: lo.evaluate("soft\0max", X),
        lambda: lo.evaluate("sotfmax", X),
        lambda: lo.evaluate(7, X),
        lambda: lo.evaluate("softmax", X, T),
        lambda: lo.evaluate("softmax", X, rounding="sideways"),
        lambda: lo.evaluate("softmax", X, rounding="up\0"),
        lambda: lo.evaluate("softmax", X, rounding=["up"]),
        lambda: lo.evaluate("softmax", X, colour="red"),
        lambda: lo.evaluate("softmax", X, reduction="mean"),
        lambda: lo.ulp_error(X, "cross-entropy", X, T),
        lambda: lo.ulp_error(T, "cross-entropy", X, T),
        lambda: lo.ulp_distance(X, X.astype(np.float64)),
        lambda: lo.ulp_distance(X, X[:1]),
        lambda: lo.assert_within_ulp(X, "softmax", X, max_ulp=float("nan")),
        lambda: lo.find_worst(None, "softmax"),
        lambda: lo.find_worst(lo.softmax, "softmax", families=["nobody"]),
        lambda: lo.find_worst(lo.softmax, "softmax", cases=-1),
        lambda: lo.find_worst(lo.softmax, "softmax", cases=10**30),
        lambda: lo.find_worst(lo.softmax, "softmax", classes=(0, 3)),
        lambda: lo.find_worst(lo.softmax, "softmax", classes=(9, 3)),
        lambda: lo.find_worst(lo.softmax, "softmax", seed=-1),
        lambda: lo.find_worst(lo.softmax, "softmax", known="{"),
        lambda: lo.find_worst(lo.softmax, "softmax", gradient=True),
        lambda: lo.find_worst(lo.softmax, "softmax", framework="caffe"),
        lambda: lo.assert_accurate(lo.softmax, "softmax", max_ulp=-1),
        lambda: lo.assert_accurate(lo.softmax, "softmax", claim="perfect"),
        lambda: lo.replay(lo.softmax, {"witnesses": []}),
        lambda: lo.write_fixtures("x.txt", "softmax"),
        lambda: lo.write_fixtures("x.json", "softmax", count=0),
    ],
)
def test_wrong_arguments_are_exceptions(call):
    with pytest.raises((ValueError, TypeError, OSError)) as error:
        call()
    assert str(error.value)


def test_handles_that_are_released_are_found_out():
    from loss_oracle import _library as c

    handle = ctypes.c_uint64()
    c.checked(c.library().lo_catalogue(ctypes.byref(handle)))
    assert c.library().lo_release(handle) == c.OK
    batch = c.Batch(size=ctypes.sizeof(c.Batch))
    for wrong in (handle.value, 0, 2**64 - 1):
        assert c.library().lo_release(wrong) == c.INVALID_HANDLE
        assert c.library().lo_trial_next(wrong, 0, ctypes.byref(batch)) == c.INVALID_HANDLE
        assert c.library().lo_trial_answer(wrong, 1, None, 0, None, 0) == c.INVALID_HANDLE
    assert "released" in c.error_text()


def test_errors_of_one_thread_are_not_those_of_another():
    texts = {}

    def provoke(label):
        for _ in range(50):
            try:
                lo.cross_entropy(X, [0, label])
            except lo.InvalidInputError as error:
                texts.setdefault(label, set()).add(str(error))

    threads = [threading.Thread(target=provoke, args=(label,)) for label in range(3, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(t) == 1 and f"label {label} " in t.copy().pop() for label, t in texts.items())
    assert len(texts) == 8


def _in_child(queue):
    x = np.tile(X, (100_000, 1))
    values = lo.cross_entropy(x, np.tile(T, 100_000))
    try:
        lo.find_worst(lo.softmax, "softmax", cases=10)
        queue.put((float(values[0]), "ran"))
    except lo.ForkedError as error:
        queue.put((float(values[0]), str(error)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_computes_and_refuses_trials():
    x = np.tile(X, (100_000, 1))
    expected = lo.cross_entropy(x, np.tile(T, 100_000))[0]
    lo.find_worst(lo.softmax, "softmax", cases=10)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    value, text = queue.get(timeout=60)
    child.join(60)
    assert value == expected and "forked" in text


def test_numbers_of_eight_and_sixteen_bits_go_through_bit_for_bit():
    for dtype in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, np.float16):
        x = X.clip(-4, 4).astype(dtype)
        assert lo.softmax(x).dtype == x.dtype
        assert (lo.ulp_error(lo.softmax(x), "softmax", x) <= 0.5).all()


def test_the_import_loads_nothing():
    code = (
        "import sys; before = set(sys.modules); import loss_oracle; "
        "new = {m.split('.')[0] for m in set(sys.modules) - before}; "
        "assert not new & {'numpy', 'ctypes', 'torch', 'jax', 'ml_dtypes', 'pytest'}, new; "
        "import loss_oracle.pytest_plugin; "
        "assert not {'numpy', 'ctypes'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))
