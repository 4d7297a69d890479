# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What other programs read of a result: JUnit XML, GitHub's annotations."""
