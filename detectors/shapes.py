"""How structs are laid out, said once: in modules that are compiled (`detectors/compiled.py`) a struct takes these as
its base. mypyc drops a class's own keywords without a word, and snapshots would look otherwise; what a base says holds.

`frozen=True` is said again beside the base, for type checkers.
"""

from msgspec import Struct


class AsList(Struct, array_like=True):
    """Encoded as the list of its values, in their order."""


class FixedAsList(Struct, array_like=True, frozen=True):
    """The same of what never changes."""


class LeafAsList(Struct, array_like=True, frozen=True, gc=False):
    """The same of what holds nothing that could point back to it: the garbage collector need not look."""


class Fixed(Struct, frozen=True):
    """What never changes."""
