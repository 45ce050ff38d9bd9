"""NeuralForecast's LSTM or DeepAR, trained for a given time: neuralforecast_peer.py lstm|deepar JOB ANSWER PACKAGES

JOB: {"period", "horizon", "levels", "seconds", "series": [[...]]}; ANSWER as in forecast_job.py. PACKAGES: the folder of NeuralForecast's
packages, beside those of PyTorch.
"""

import logging
import sys
import time
import warnings

sys.path.append(sys.argv[4])
warnings.filterwarnings("ignore")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)

import numpy as np
import pandas as pd
from forecast_job import read_job, write_answer
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import DistributionLoss, MQLoss
from neuralforecast.models import LSTM, DeepAR

name = sys.argv[1]
job = read_job(sys.argv[2])
horizon, levels = job["horizon"], job["levels"]
frame = pd.concat(
    pd.DataFrame({"unique_id": f"{index:06d}", "ds": np.arange(len(values)), "y": values})
    for index, values in enumerate(job["series"])
)
limit = max(1, int(job["seconds"]))
common = {
    "h": horizon,
    "input_size": max(4 * job["period"], 8),
    "max_steps": 1_000_000,
    "scaler_type": "robust",
    "start_padding_enabled": True,
    "random_seed": 1,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "logger": False,
    "enable_checkpointing": False,
    "max_time": {"seconds": limit},
    "accelerator": "cpu",
}
if name == "deepar":
    intervals = sorted({round(100 * abs(1 - 2 * level)) for level in levels} - {0})
    model = DeepAR(loss=DistributionLoss("StudentT", level=intervals), **common)
else:
    model = LSTM(loss=MQLoss(quantiles=levels), **common)
started = time.perf_counter()
run = NeuralForecast(models=[model], freq=1)
run.fit(frame)
answer = run.predict().reset_index().sort_values(["unique_id", "ds"])
seconds = time.perf_counter() - started


def column(level):
    width = round(100 * abs(1 - 2 * level), 1)
    prefix = type(model).__name__
    if width == 0:
        return f"{prefix}-median"
    side = "lo" if level < 0.5 else "hi"
    exact = f"{prefix}-{side}-{width}"
    return exact if exact in answer.columns else f"{prefix}-{side}-{round(width)}"


values = answer[[column(level) for level in levels]].to_numpy()
write_answer(sys.argv[3], seconds, values.reshape(len(job["series"]), horizon, -1))
