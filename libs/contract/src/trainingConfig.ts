import { z } from 'zod';

const count = z.int().min(1);

/** `training` of a fit configuration. */
export const trainingConfig = z.strictObject({
  steps: count.default(100).describe('Number of training steps; each takes one chunk (or batch of chunks).'),
  optimizer: z.enum(['adam', 'adamw', 'rmsprop', 'sgd']).default('adam').describe('Optimizer.'),
  learningRate: z.number().positive().default(0.01).describe('Learning rate.'),
  schedule: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('constant').describe('The same rate in all steps.') }),
      z.strictObject({
        kind: z.literal('cosine').describe('Cosine decay from learningRate to finalRate.'),
        finalRate: z.number().min(0).default(0).describe('Learning rate of the last step.'),
      }),
      z.strictObject({
        kind: z.literal('step').describe('Multiplied by factor after every so many steps.'),
        every: count.describe('Steps between two changes.'),
        factor: z.number().positive().max(1).describe('Factor of each change.'),
      }),
    ])
    .prefault({ kind: 'constant' })
    .describe('Learning rate schedule.'),
  clipNorm: z.number().min(0).default(0).describe('Maximum norm of all gradients together; 0: no clipping.'),
  momentum: z.number().min(0).lt(1).default(0).describe('Momentum; sgd only.'),
  weightDecay: z.number().min(0).optional().describe('Weight decay. Default: 0.01 for adamw, else 0.'),
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
    .describe('Errors up to it are squared, larger ones linear; huber only.'),
  quantiles: z
    .array(z.number().gt(0).lt(1))
    .min(2)
    .default([0.5, 0.1, 0.9])
    .describe('Levels to predict, the median first; quantile only.'),
  carry: z
    .boolean()
    .default(true)
    .describe('Whether the final state of a chunk starts the next one, detached from the gradient.'),
  pictureEvery: count.default(25).describe('Steps between two plots of x and prediction in the report.'),
});

/** The first setting that does not apply to the others; default values are accepted. */
export function trainingMistake(training: z.infer<typeof trainingConfig>): string | undefined {
  const { optimizer, momentum, loss, huberDelta, quantiles } = training;
  if (momentum > 0 && optimizer !== 'sgd') {
    return `training.momentum: expected none with the optimizer ${optimizer}, because only sgd uses it, got ${momentum}; remove it or set training.optimizer: sgd`;
  }
  if (huberDelta !== 1 && loss !== 'huber') {
    return `training.huberDelta: expected none with the loss ${loss}, because only huber uses it, got ${huberDelta}; remove it or set training.loss: huber`;
  }
  if (quantiles.join() !== '0.5,0.1,0.9' && loss !== 'quantile') {
    return `training.quantiles: expected none with the loss ${loss}, because only quantile uses them, got [${quantiles.join(', ')}]; remove them or set training.loss: quantile`;
  }
  return undefined;
}
