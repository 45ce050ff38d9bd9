import type { SeriesSet } from '@onda/series';
import type { Document } from '../fit/readConfig.ts';
import { chooseHoldout } from './chooseHoldout.ts';

/** Samples from which a network has more units. */
const manySamples = 5000;

/** Shortest and longest window of the training. */
const windows = { least: 16, most: 192 };

/** Settings chosen for a closed loop, and the sentences that say so. */
export interface LoopChoice {
  /** Keys and values of a fit configuration. */
  settings: Document;
  choices: string[];
}

/**
 * Chooses the settings of a network that forecasts in closed loop: hold-out and validation, window, network and training. Windows span
 * two seasons; the loss counts a generated horizon, so that the network learns to continue its own predictions.
 */
export function chooseLoop(set: SeriesSet, horizon: number, timeLimitS: number): LoopChoice {
  const lengths = set.series.map(({ length }) => length);
  const shortest = Math.min(...lengths);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const holdout = chooseHoldout(set, horizon);
  const left = shortest - holdout;
  const validation = Math.min(holdout, Math.floor(left / 5));
  const training = left - validation;
  const wanted = Math.min(windows.most, Math.max(windows.least, 2 * set.period, 2 * horizon));
  const window = Math.max(2, Math.min(wanted, Math.floor(training / 2)));
  const freeRunning = Math.min(horizon, Math.floor(window / 2));
  const units = total > manySamples ? 64 : 32;
  return {
    settings: {
      data: { holdout, validation, samples: window },
      net: { cell: 'gru', units },
      training: {
        window,
        freeRunning,
        timeLimitS,
        ...(validation > 0 && { earlyStopping: { patience: 10 } }),
      },
    },
    choices: [
      `hold-out of the last ${holdout} samples${validation > 0 ? `, the ${validation} before them validate` : ''}`,
      `one GRU layer of ${units} units for ${total} samples`,
      `windows of ${window} samples for a season of ${set.period} and a horizon of ${horizon}; the network generates the last ${freeRunning} itself`,
      ...(validation > 0 ? ['early stopping after 10 validations without improvement'] : []),
    ],
  };
}

/** A document with chosen settings where it has none. */
export function fillIn(document: Document, chosen: Document): Document {
  const filled = { ...document };
  for (const [key, value] of Object.entries(chosen)) {
    const given = filled[key];
    if (given === undefined) filled[key] = value;
    else if (isObject(given) && isObject(value)) filled[key] = fillIn(given, value);
  }
  return filled;
}

const isObject = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
