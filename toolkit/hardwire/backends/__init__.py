# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything a build can run on here: each a ``Backend`` of ``host/requests.py`` behind its ``compile``, or a port or
device behind which the board's own driver is one."""
