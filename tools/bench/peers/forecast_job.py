"""Files of the forecast bench: jobs and answers."""

import json

import numpy as np


def read_job(path):
    with open(path, encoding="utf-8") as opened:
        return json.load(opened)


def write_answer(path, seconds, forecasts):
    """forecasts: array [series, horizon, levels]; quantiles that are not finite are replaced by the median."""
    forecasts = np.asarray(forecasts, dtype=float)
    middle = forecasts.shape[2] // 2
    forecasts = np.where(np.isfinite(forecasts), forecasts, forecasts[:, :, middle : middle + 1])
    with open(path, "w", encoding="utf-8") as written:
        json.dump({"seconds": seconds, "forecasts": forecasts.tolist()}, written)
