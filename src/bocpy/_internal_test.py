"""The lock-free parts of the core, one by one, for tests.

Built on request: set BOCPY_BUILD_INTERNAL_TESTS=1 when building the extension.
"""

from __future__ import annotations

try:
    from bocpy._internal_test_atomics import *  # noqa: F403
    from bocpy._internal_test_bq import *  # noqa: F403
    from bocpy._internal_test_wsq import *  # noqa: F403
except ImportError as error:
    message = (
        "bocpy._internal_test is not built; "
        "build with BOCPY_BUILD_INTERNAL_TESTS=1 to have it"
    )
    raise ModuleNotFoundError(message, name=error.name) from error
