import type { NamedTensorMap, Tensor, Tensor1D, Variable } from '@tensorflow/tfjs-core';
import { dispose, engine, keep, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { ConfigError, ModelError, ShapeError } from '@onda/contract';
import type { OptimizerAttributes, OptimizerKind } from '@onda/nets';
import { optimizerDefaults, optimizerKernelName, slotCounts } from '@onda/nets';
import { ensureOptimizerKernel } from './ensureOptimizerKernel.ts';

/** An optimizer and its settings; those left out are PyTorch's defaults, those that the kind does not know are not used. */
export interface OptimizerOptions extends Partial<
  Omit<OptimizerAttributes, 'kind' | 'learningRate' | 'step'>
> {
  kind: OptimizerKind;
  learningRate: number;
}

/** What an optimizer remembers, to go on exactly where it was. */
export interface OptimizerState {
  kind: OptimizerKind;
  /** Steps done. */
  step: number;
  /** As in libs/nets optimizerOp.ts, shape [slots * elements of all variables]. */
  slots: Float32Array;
}

/** PyTorch's AdamW decays by default; the others don't. */
const ADAMW_DECAY = 0.01;

/** Moves variables along their gradients: one op a step for all of them. */
export class Optimizer {
  readonly kind: OptimizerKind;
  private readonly variables: readonly Variable[];
  private readonly attributes: OptimizerAttributes;
  private slots: Tensor;

  /**
   * @param variables what to move; their number and shapes stay
   * @throws ConfigError for a setting out of its range
   */
  constructor(options: OptimizerOptions, variables: readonly Variable[]) {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const weightDecay = options.kind === 'adamw' ? ADAMW_DECAY : optimizerDefaults.weightDecay;
    this.kind = options.kind;
    this.variables = variables;
    this.attributes = { ...optimizerDefaults, weightDecay, ...(given as typeof options), step: 0 };
    checkAttributes(this.attributes);
    this.slots = keep(zeros([this.slotSize()]));
  }

  get learningRate(): number {
    return this.attributes.learningRate;
  }

  /** A schedule sets it between steps. */
  set learningRate(value: number) {
    this.attributes.learningRate = value;
    checkAttributes(this.attributes);
  }

  /** Steps done. */
  get step(): number {
    return this.attributes.step;
  }

  /**
   * Does one step: sets every variable to its new value.
   *
   * @param gradients one for each variable, of its shape; they stay the caller's
   * @throws ShapeError when they don't fit the variables
   */
  apply(gradients: readonly Tensor[]): void {
    this.checkGradients(gradients);
    ensureOptimizerKernel();
    const attributes = { ...this.attributes, step: this.attributes.step + 1 };
    // The engine takes a list as well as a map (its own Concat passes one), which its types leave out.
    const inputs = [...this.variables, ...gradients, this.slots] as unknown as NamedTensorMap;
    const results = engine().runKernel<Tensor[]>(optimizerKernelName, inputs, attributes);
    for (const [index, variable] of this.variables.entries()) {
      variable.assign(results[index]);
      results[index].dispose();
    }
    this.slots.dispose();
    this.slots = keep(results[this.variables.length]);
    this.attributes.step = attributes.step;
  }

  /** A copy of everything that it remembers, the learning rate and other settings aside. */
  state(): OptimizerState {
    const slots = Float32Array.from(this.slots.dataSync<'float32'>());
    return { kind: this.kind, step: this.attributes.step, slots };
  }

  /**
   * Goes on from a saved state.
   *
   * @throws ModelError when it is another kind of optimizer's or another net's
   */
  restore(state: OptimizerState): void {
    if (state.kind !== this.kind) {
      throw new ModelError(
        `optimizer state: expected that of ${this.kind}, got ${state.kind}; go on with the optimizer that the run began with`,
      );
    }
    const size = this.slotSize();
    if (state.slots.length !== size) {
      throw new ModelError(
        `optimizer state: expected ${size} numbers, got ${state.slots.length}; go on with the net that the run began with`,
      );
    }
    const slots: Tensor1D = tensor1d(Float32Array.from(state.slots));
    this.slots.dispose();
    this.slots = keep(slots);
    this.attributes.step = state.step;
  }

  /** Frees what it remembers; the variables stay. */
  dispose(): void {
    dispose(this.slots);
  }

  private slotSize(): number {
    return slotCounts[this.kind] * this.variables.reduce((sum, { size }) => sum + size, 0);
  }

  private checkGradients(gradients: readonly Tensor[]): void {
    if (gradients.length !== this.variables.length) {
      throw new ShapeError(
        `optimizer: expected ${this.variables.length} gradients, one for each variable, got ${gradients.length}; give them all, in order`,
      );
    }
    for (const [index, { name, shape }] of this.variables.entries()) {
      const given = gradients[index].shape;
      if (given.length !== shape.length || given.some((size, dim) => size !== shape[dim])) {
        throw new ShapeError(
          `optimizer: gradient of "${name}": expected shape [${shape.join(', ')}], got [${given.join(', ')}]; give gradients in the order of the variables`,
        );
      }
    }
  }
}

/** What each setting must be; NaN is none of these. */
const ranges = {
  learningRate: [(value) => value >= 0 && value < Infinity, 'a number of at least 0'],
  beta1: [(value) => value >= 0 && value < 1, 'a number from 0 to below 1'],
  beta2: [(value) => value >= 0 && value < 1, 'a number from 0 to below 1'],
  smoothing: [(value) => value >= 0 && value < 1, 'a number from 0 to below 1'],
  epsilon: [(value) => value >= 0 && value < Infinity, 'a number of at least 0'],
  momentum: [(value) => value >= 0 && value < Infinity, 'a number of at least 0'],
  weightDecay: [(value) => value >= 0 && value < Infinity, 'a number of at least 0'],
  clipNorm: [(value) => value >= 0 && value < Infinity, 'a number of at least 0 (0: no clipping)'],
} satisfies Record<
  Exclude<keyof OptimizerAttributes, 'kind' | 'step'>,
  [holds: (value: number) => boolean, expected: string]
>;

function checkAttributes(attributes: OptimizerAttributes): void {
  for (const [key, [holds, expected]] of Object.entries(ranges)) {
    const value = attributes[key as keyof typeof ranges];
    if (!holds(value)) {
      throw new ConfigError(
        `optimizer ${attributes.kind}: ${key}: expected ${expected}, got ${value}; correct the setting`,
      );
    }
  }
}
