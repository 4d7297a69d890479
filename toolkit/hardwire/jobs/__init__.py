# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps of long work as tasks of a Dask cluster: on this machine, on a batch system, over SSH, on a running scheduler.

needs.py      what a step asks for: memory, cores, hours, licences
step.py       one step, as a worker runs it
cluster.py    where steps run
queues.py     what a batch system says of a job that was lost
pool.py       hands steps to the cluster and judges what comes back
"""
