"""ETS and Theta of statsforecast: statsforecast_peer.py ets|theta JOB ANSWER

JOB: {"period", "horizon", "levels", "series": [[...]]}; ANSWER: {"seconds", "forecasts": [series][horizon][levels]}.
"""

import sys
import time

import numpy as np
import pandas as pd
from forecast_job import read_job, write_answer
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, SeasonalNaive, Theta

MODELS = {"ets": AutoETS, "theta": Theta}

name = sys.argv[1]
job = read_job(sys.argv[2])
frame = pd.concat(
    pd.DataFrame({"unique_id": f"{index:06d}", "ds": np.arange(len(values)), "y": values})
    for index, values in enumerate(job["series"])
)
period = job["period"]
started = time.perf_counter()
model = MODELS[name](season_length=period)
fallback = SeasonalNaive(season_length=period)
run = StatsForecast(models=[model], freq=1, n_jobs=2, fallback_model=fallback)
# A level of 80 is the interval from the quantile 0.1 to 0.9.
intervals = sorted({round(100 * abs(1 - 2 * level)) for level in job["levels"]} - {0})
answer = run.forecast(df=frame, h=job["horizon"], level=intervals).sort_values(["unique_id", "ds"])
seconds = time.perf_counter() - started


def column(level):
    width = round(100 * abs(1 - 2 * level))
    if width == 0:
        return repr(model)
    return f"{model!r}-{'lo' if level < 0.5 else 'hi'}-{width}"


values = answer[[column(level) for level in job["levels"]]].to_numpy()
write_answer(sys.argv[3], seconds, values.reshape(len(job["series"]), job["horizon"], -1))
