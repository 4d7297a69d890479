# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""A chip behind HTTP: OpenAI's calls and the chip's own, a fair queue over users, a page to talk to.

settings.py says what is allowed, fields.py what a body may have, schema.py whether it has it; asks.py makes requests of
a body, queue.py orders them, engine.py runs them on the chip, replies.py writes answers; app.py has the routes and
server.py the sockets. Pure Python, 3.10: Starlette, uvicorn, Jinja2, prometheus_client, and what they need.
"""
