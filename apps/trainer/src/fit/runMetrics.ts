import { createRequire } from 'node:module';
import path from 'node:path';
import { ConfigError } from '@onda/contract';
import type { OpenBackend } from '@onda/tfjs-native';
import type { MetricsLine, RunFolder } from './runFolder.ts';
import { runFiles } from './runFolder.ts';

/** Writes scalars in TensorBoard's format: tfjs-node's writer. */
interface SummaryWriter {
  scalar(name: string, value: number, step: number): void;
  flush(): void;
}

/** The metrics of a run: metrics.jsonl and, if wanted, TensorBoard files. */
export class RunMetrics {
  private readonly run: RunFolder;
  private readonly writer: SummaryWriter | null;
  private lines: MetricsLine[] = [];
  private rates: number[] = [];
  /** Steps whose loss has been written. */
  private done: number;

  /**
   * @param from        completed steps of the run
   * @param tensorboard whether to write TensorBoard files
   * @throws ConfigError for TensorBoard files on another backend than tensorflow
   */
  constructor(run: RunFolder, from: number, tensorboard: boolean, backend: OpenBackend) {
    this.run = run;
    this.done = from;
    this.writer = tensorboard ? openWriter(path.join(run.folder, runFiles.tensorboard), backend) : null;
    run.truncateMetrics(from);
  }

  /** Adds a step; its loss is read by `flush`. */
  step(learningRate: number): void {
    this.rates.push(learningRate);
  }

  validation(step: number, validationLoss: number, best: boolean): void {
    this.lines.push({ step, validationLoss, best });
  }

  /** @param losses the losses of all steps so far */
  flush(losses: ArrayLike<number>): void {
    for (const learningRate of this.rates) {
      const loss = losses[this.done];
      this.done++;
      this.lines.push({ step: this.done, loss, learningRate });
    }
    this.rates = [];
    this.lines.sort((a, b) => a.step - b.step);
    if (this.writer) {
      for (const line of this.lines) {
        if ('loss' in line) {
          this.writer.scalar('loss', line.loss, line.step);
          this.writer.scalar('learning rate', line.learningRate, line.step);
        } else {
          this.writer.scalar('validation loss', line.validationLoss, line.step);
        }
      }
      this.writer.flush();
    }
    this.run.appendMetrics(this.lines);
    this.lines = [];
  }
}

/** @throws ConfigError on another backend than tensorflow */
export function checkTensorboard({ name }: Pick<OpenBackend, 'name'>): void {
  if (name === 'tensorflow') return;
  throw new ConfigError(
    `training.tensorboard: expected the tensorflow backend, whose package writes TensorBoard files, got ${name}; set training.tensorboard: false or run npm run setup`,
  );
}

function openWriter(folder: string, backend: OpenBackend): SummaryWriter {
  checkTensorboard(backend);
  const require = createRequire(import.meta.url);
  const { node } = require('@tensorflow/tfjs-node') as {
    node: { summaryFileWriter(folder: string): SummaryWriter };
  };
  return node.summaryFileWriter(folder);
}
