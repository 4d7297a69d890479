# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What bits cost: perplexity of the integer model beside the float one, and the pictures of it."""
