"""Files of the forecast bench: jobs and answers."""

import json


def read_job(path):
    with open(path, encoding="utf-8") as opened:
        return json.load(opened)


def write_answer(path, seconds, forecasts):
    """forecasts: array [series, horizon, levels]."""
    with open(path, "w", encoding="utf-8") as written:
        json.dump({"seconds": seconds, "forecasts": forecasts.tolist()}, written)
