"""river's test for a lasting change, without the rest of its package."""

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from river.drift import PageHinkley as PageHinkley
else:
    # `import river.drift` brings data sets and tests that we do not use, and with them scikit-learn and scipy.stats:
    # 2.0 s of processor time at the start of every process (river 0.26, measured with -X importtime), longer than all
    # else together; a worker that was killed is back that much later. The file of this one test needs none of it.
    _RIVER = find_spec("river").submodule_search_locations[0]
    _SPEC = spec_from_file_location("river.drift.page_hinkley", Path(_RIVER, "drift", "page_hinkley.py"))
    _MODULE = module_from_spec(_SPEC)
    _SPEC.loader.exec_module(_MODULE)
    PageHinkley = _MODULE.PageHinkley
