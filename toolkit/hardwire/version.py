# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""The version, in its one place: setup.cfg and every manifest read it here."""

__version__ = "0.2.0"
