"""river's test for a lasting change, without the rest of its package."""

from typing import TYPE_CHECKING

from detectors.river_parts import part_of_river

if TYPE_CHECKING:
    from river.drift import PageHinkley as PageHinkley
else:
    PageHinkley = part_of_river("drift.page_hinkley").PageHinkley
