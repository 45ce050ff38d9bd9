import { z } from 'zod';

const count = z.int().min(1);

const scheduleConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant').describe('The same rate in all steps.') }),
  z.strictObject({
    kind: z.literal('cosine').describe('Cosine decay from learningRate to finalRate.'),
    finalRate: z.number().min(0).default(0).describe('Learning rate at the last step.'),
  }),
  z.strictObject({
    kind: z.literal('step').describe('Multiplied by factor after every so many steps.'),
    every: count.describe('Steps between two reductions.'),
    factor: z.number().positive().max(1).describe('Factor of each reduction.'),
  }),
  z.strictObject({
    kind: z
      .literal('one-cycle')
      .describe('A rise from learningRate / 25 to learningRate, then a fall to almost 0.'),
  }),
  z.strictObject({
    kind: z.literal('plateau').describe('Multiplied by factor when the validation loss does not improve.'),
    factor: z.number().positive().lt(1).default(0.5).describe('Factor of each reduction.'),
    patience: count.default(5).describe('Validations without improvement before a reduction.'),
    minFactor: z.number().min(0).max(1).default(0).describe('Lower bound of all reductions together.'),
  }),
]);

/** The `training` of a fit configuration. */
export const trainingConfig = z.strictObject({
  carry: z
    .boolean()
    .default(false)
    .describe(
      'false: random windows that start from zero states. true: consecutive chunks; the final state of a chunk starts the next one, detached from the gradient.',
    ),
  steps: count
    .optional()
    .describe('Training steps; each takes one batch. Default: 1,000 with windows, 100 with carry.'),
  epochs: z
    .number()
    .positive()
    .optional()
    .describe(
      'Passes over the training data, in place of steps. With windows: as many windows as there are positions.',
    ),
  window: count
    .max(100_000)
    .optional()
    .describe(
      'Samples per window. Default: 100, or half of the shortest training part; of a sine data.samples, and the samples of freeRunning.',
    ),
  warmup: z
    .int()
    .min(0)
    .optional()
    .describe('Leading samples of a window that do not count in the loss. Default: a fifth of the window.'),
  batch: count
    .max(65_536)
    .optional()
    .describe('Windows per step, or parallel streams with carry. Default: 32 windows, 1 stream.'),
  draw: z
    .enum(['windows', 'series'])
    .default('windows')
    .describe('windows: every window is equally likely. series: every series is, and every window in it.'),
  optimizer: z.enum(['adam', 'adamw', 'rmsprop', 'sgd']).default('adam').describe('Optimizer.'),
  learningRate: z
    .number()
    .positive()
    .optional()
    .describe(
      'Learning rate at the peak of the schedule. Default: 0.05 with windows (rnn: 0.02), 0.01 with carry.',
    ),
  schedule: scheduleConfig
    .optional()
    .describe('Learning rate over the steps. Default: one-cycle with windows, constant with carry.'),
  warmupSteps: z
    .int()
    .min(0)
    .default(0)
    .describe('Steps of a linear rise to the learning rate of the schedule.'),
  clipNorm: z
    .number()
    .min(0)
    .optional()
    .describe(
      'Maximum norm of all gradients together; 0: no clipping. Default: 0.1 with windows, 0 with carry.',
    ),
  momentum: z.number().min(0).lt(1).default(0).describe('Momentum of sgd.'),
  weightDecay: z.number().min(0).optional().describe('Weight decay. Default: 0.01 for adamw, else 0.'),
  average: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe(
      'Decay of the exponential moving average of the weights, which validation and result use; 0: none. Default: 0.99 with windows, 0 with carry.',
    ),
  loss: z
    .enum(['mse', 'mae', 'huber', 'gaussian', 'quantile'])
    .default('mse')
    .describe(
      'Loss. gaussian and quantile fit a distribution that the generator samples; the point prediction is the mean or the median.',
    ),
  huberDelta: z
    .number()
    .positive()
    .default(1)
    .describe('huber: errors up to it are squared, larger ones linear.'),
  quantiles: z
    .array(z.number().gt(0).lt(1))
    .min(2)
    .default([0.5, 0.1, 0.9])
    .describe('quantile: the levels to predict, the median first.'),
  freeRunning: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Samples at the end of each window that the net generates itself, as in the closed loop, with the gradient through them.',
    ),
  scheduledSampling: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Probability that an input is replaced by the prediction of it; rises from 0 to this value over the steps.',
    ),
  noise: z
    .number()
    .min(0)
    .default(0)
    .describe('Standard deviation of the noise added to scaled inputs in training.'),
  validateEvery: count
    .optional()
    .describe('Steps between two validations. Default: a twentieth of the steps. Needs data.validation.'),
  earlyStopping: z
    .strictObject({
      patience: count.default(10).describe('Validations without improvement.'),
      minDelta: z
        .number()
        .min(0)
        .default(0)
        .describe('Smallest decrease of the loss that is an improvement.'),
    })
    .optional()
    .describe('Ends the training when the validation loss does not improve. Needs data.validation.'),
  timeLimitS: z.number().positive().optional().describe('Ends the training after this time, in seconds.'),
  checkpoint: z
    .strictObject({
      everyS: z.number().positive().default(30).describe('Seconds between two checkpoints.'),
      everySteps: count.optional().describe('Steps between two checkpoints, in place of everyS.'),
      keep: count.max(1000).default(1).describe('Number of latest checkpoints to keep.'),
    })
    .prefault({})
    .describe('When to write checkpoints.'),
  tensorboard: z
    .boolean()
    .default(false)
    .describe('Whether to write TensorBoard files to runs/NAME/tensorboard. Needs the tensorflow backend.'),
  pictureEvery: count
    .optional()
    .describe('Steps between two plots of x and prediction in the report. Default: a quarter of the steps.'),
});

type TrainingConfig = z.infer<typeof trainingConfig>;

/** The parts of a fit configuration that the training settings depend on. */
interface Settings {
  training: TrainingConfig;
  net: { dropout: number };
  data: { kind: string; validation?: number | undefined };
  lag: number;
}

/** The first training setting that does not apply to the others; default values are accepted. */
export function trainingMistake(settings: Settings): string | undefined {
  const { optimizer, momentum, loss, huberDelta, quantiles, steps, epochs, schedule } = settings.training;
  if (momentum > 0 && optimizer !== 'sgd') {
    return `training.momentum: expected none with the optimizer ${optimizer}, because only sgd uses it, got ${momentum}; remove it or set training.optimizer: sgd`;
  }
  if (huberDelta !== 1 && loss !== 'huber') {
    return `training.huberDelta: expected none with the loss ${loss}, because only huber uses it, got ${huberDelta}; remove it or set training.loss: huber`;
  }
  if (quantiles.join() !== '0.5,0.1,0.9' && loss !== 'quantile') {
    return `training.quantiles: expected none with the loss ${loss}, because only quantile uses them, got [${quantiles.join(', ')}]; remove them or set training.loss: quantile`;
  }
  if (steps !== undefined && epochs !== undefined) {
    return `training.epochs: expected none beside training.steps, got ${epochs}; remove one of them`;
  }
  const { data, training } = settings;
  const needsValidation = {
    earlyStopping: training.earlyStopping !== undefined,
    validateEvery: training.validateEvery !== undefined,
    schedule: schedule?.kind === 'plateau',
  };
  const key = Object.entries(needsValidation).find(([, needs]) => needs)?.[0];
  if (key !== undefined && !((data.validation ?? 0) > 0)) {
    return `training.${key}: expected validation data, got none; set data.validation to the number of samples before the hold-out that validate`;
  }
  return windowMistake(settings);
}

/** Settings of random windows, which do not apply with carry or to video clips. */
function windowMistake({ training, data, net, lag }: Settings): string | undefined {
  const { carry, window, warmup = 0, freeRunning, batch } = training;
  const other = carry ? 'training.carry true' : data.kind === 'video-clips' ? 'video clips' : undefined;
  if (other !== undefined) {
    const given = {
      window: window !== undefined,
      warmup: warmup > 0,
      draw: training.draw !== 'windows',
      freeRunning: freeRunning > 0,
      scheduledSampling: training.scheduledSampling > 0,
      noise: training.noise > 0,
      batch: batch !== undefined && batch > 1 && !(carry && data.kind === 'csv'),
    };
    const key = Object.entries(given).find(([, applies]) => applies)?.[0] as keyof typeof given | undefined;
    if (key === undefined) return undefined;
    const remedy = carry && data.kind !== 'video-clips' ? ' or set training.carry: false' : '';
    return `training.${key}: expected none with ${other}, because only random windows use it, got ${JSON.stringify(training[key])}; remove it${remedy}`;
  }
  if (window !== undefined && warmup >= window) {
    return `training.warmup: expected at most ${window - 1}, less than training.window, got ${warmup}; lower it`;
  }
  if (window !== undefined && freeRunning > window - lag) {
    return `training.freeRunning: expected at most ${window - lag}, training.window less the lag, got ${freeRunning}; lower it or use longer windows`;
  }
  if (freeRunning > 0 && net.dropout > 0) {
    return `training.freeRunning: expected 0 with net.dropout, got ${freeRunning}; remove one of them`;
  }
  return undefined;
}
