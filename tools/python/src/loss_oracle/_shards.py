"""A loss whose classes are split in shards."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import NUMPY, library_of
from ._errors import InvalidInputError
from ._values import evaluate


def shard_partials(logits: Any, target: Any, *, dtype: Any = None, **before: Any) -> Any:
    """What a shard of the classes has to do with a loss, [..., 3]: m = max x, sum of e^(x - m), and the target's logit.

    Logits are the shard's, [..., classes]; the target is a class index of the shard, or -1 where it is in another one:
    then its logit is -inf. A shard that is all masked by -inf has the maximum -inf and the sum 0.
    What stands before the loss (scale, softcap, logit_bias, temperature) is an option here, and none of the merge.
    """
    return evaluate("shard-partials", logits, target, dtype=dtype, **before)


def merged_cross_entropy(partials: Any, *, dtype: Any = None) -> Any:
    """The cross-entropy from what all shards have: [..., shards, 3] to [...].

    log of the sum of s e^m, less the greatest t, for the maximum m, the sum s and the target's logit t of each shard, as
    `shard_partials` gives them: the exact value for these numbers as they are.
    """
    library = library_of(partials)
    array = partials if library is not None else np.asarray(partials, dtype=np.float64)
    if array.ndim < 2 or array.shape[-1] != 3:
        raise InvalidInputError(f"partials have shape {tuple(array.shape)}, not [..., shards, 3]")
    beside = _joined(array[..., 1], array[..., 2])
    return evaluate("merged-cross-entropy", array[..., 0], grad_output=beside, dtype=dtype)


def _joined(first: Any, second: Any) -> Any:
    """Two arrays of one library, one after the other along the last axis."""
    library = library_of(first) or NUMPY
    format = library.format(first)
    bits = np.concatenate([library.to_numpy(first), library.to_numpy(second)], axis=-1)
    return library.from_bits(bits, format, library.device(first))
