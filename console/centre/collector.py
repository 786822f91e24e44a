"""Python's collector of cycles in a process that lives for months: seldom, and never over what stays."""

import gc

_YOUNG = (50_000, 20, 20)
"""New values after which the collector looks at them, and how many such looks until it looks at older ones.
Facts and figures have no cycles: with Python's own 700 a tenth of the centre's time goes to looking.
"""


def spare_what_stays() -> None:
    """Look through all there is once more, then never again: a look at it stops calls for 0.3 s."""
    gc.set_threshold(*_YOUNG)
    gc.collect()
    gc.freeze()
