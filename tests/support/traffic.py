"""What a GPU would have to do for a batch: how often something is launched, and how many bytes are read and written."""

from collections import Counter
from typing import Any

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

_NO_WORK = ("aten.empty", "aten.new_empty", "aten.empty_like", "aten._unsafe_view", "prim.device")


class Traffic(TorchDispatchMode):
    """Counts what is done within it, on tensors without numbers, too. Views and fresh memory are no work."""

    def __init__(self) -> None:
        super().__init__()
        self.launches, self.bytes = Counter[str](), Counter[str]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        name = str(func).rpartition(".")[0]
        given = {_storage(leaf) for leaf in tree_iter((args, kwargs)) if isinstance(leaf, Tensor)}
        fresh = any(isinstance(leaf, Tensor) and _storage(leaf) not in given for leaf in tree_iter(made))
        if (fresh or func._schema.is_mutable) and name not in _NO_WORK:
            self.launches[name] += 1
            self.bytes[name] += sum(map(_bytes, tree_iter((args, kwargs)))) + sum(map(_bytes, tree_iter(made)))
        return made


def _storage(tensor: Tensor) -> int:
    return StorageWeakRef(tensor.untyped_storage()).cdata


def _bytes(leaf: object) -> int:
    """Of a tensor's own memory: what is repeated by a stride of 0 is read once."""
    if not isinstance(leaf, Tensor):
        return 0
    return min(leaf.numel() * leaf.element_size(), leaf.untyped_storage().nbytes())
