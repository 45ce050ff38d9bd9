"""The first job as a program of its own: `first_job.py START.json`; prints the losses of its 100 steps as JSON."""

import json
import sys

import numpy

from job import load_job

SAMPLES, STEPS = 20, 100


def main():
    job = load_job(sys.argv[1])
    losses = []
    for step in range(STEPS):
        t = numpy.linspace(step * numpy.pi, (step + 1) * numpy.pi, SAMPLES + 1)
        values = numpy.sin(t).astype("float32").reshape(1, 1, SAMPLES + 1, 1)
        losses.append(job.step_on(values[0, :, :-1], values[0, :, 1:]))
    print(json.dumps([loss.item() for loss in losses]))


main()
