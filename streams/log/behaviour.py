"""Which behaviour this build has: two builds of one number say the same bytes of the same log; of two numbers, not.

| number | since | what changed |
|---|---|---|
| 1 | the first build that kept states (c8a02ac and before) | |
| 2 | builds of 0.2.0 before | stream time, persistence, answers, ladders, losses, identities of sources |
| 3 | builds of 0.2.0 before | declined calls; failing recipients; losses of batches; steps that were taken back |
| 4 | this release | vitals of one moment that come in several messages are taken, each once |

Whoever changes a byte of an alert, a status or a trend raises it, once a release. A worker takes a partition that
another number watched only when that build has drained (everything said is acknowledged, its checkpoint at the end):
what was said beyond a checkpoint would be said again in other words.
"""

from typing import Final

BEHAVIOUR: Final = 4
FIRST: Final = 1
"""What a checkpoint without a number was written by."""
