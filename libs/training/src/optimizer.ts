import type { KernelConfig, NamedTensorMap, Tensor, Tensor1D, Variable } from '@tensorflow/tfjs-core';
import { dispose, engine, getBackend, getKernel, keep, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { ConfigError, ModelError, ShapeError } from '@onda/contract';
import type { OptimizerAttributes, OptimizerKind } from '@onda/kernels';
import { optimizerDefaults, optimizerKernelName, slotCounts } from '@onda/kernels';

/** An optimizer and its settings: defaults are PyTorch's. A setting of another kind is an error unless it has its default. */
export interface OptimizerOptions extends Partial<
  Omit<OptimizerAttributes, 'kind' | 'learningRate' | 'step'>
> {
  kind: OptimizerKind;
  learningRate: number;
}

/** The state of an optimizer, for resuming. */
export interface OptimizerState {
  kind: OptimizerKind;
  /** Number of completed steps. */
  step: number;
  /** As in libs/nets optimizerOp.ts, shape [slots * elements of all variables]. */
  slots: Float32Array;
}

/** Default weight decay of PyTorch's AdamW; that of the other optimizers is 0. */
const ADAMW_DECAY = 0.01;

/** Updates variables from their gradients, with one op per step. */
export class Optimizer {
  readonly kind: OptimizerKind;
  private readonly variables: readonly Variable[];
  private readonly attributes: OptimizerAttributes;
  private slots: Tensor;

  /**
   * @param variables the variables to update; their number and shapes must not change
   * @throws ConfigError for a setting out of range
   */
  constructor(options: OptimizerOptions, variables: readonly Variable[]) {
    checkKeys(options);
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

  /** May be changed between steps. */
  set learningRate(value: number) {
    checkAttributes({ ...this.attributes, learningRate: value });
    this.attributes.learningRate = value;
  }

  /** Number of completed steps. */
  get step(): number {
    return this.attributes.step;
  }

  /**
   * Updates every variable by one step.
   *
   * @param gradients one per variable, of its shape; the caller disposes of them
   * @throws ShapeError for gradients of other shapes; ConfigError for a backend without a kernel
   */
  apply(gradients: readonly Tensor[]): void {
    this.checkGradients(gradients);
    checkOptimizerKernel();
    const attributes = { ...this.attributes, step: this.attributes.step + 1 };
    // The engine accepts an array as well as a map (its own Concat passes one); its types omit that.
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

  /** A copy of the state; settings such as the learning rate are not part of it. */
  state(): OptimizerState {
    const slots = Float32Array.from(this.slots.dataSync<'float32'>());
    return { kind: this.kind, step: this.attributes.step, slots };
  }

  /**
   * Restores a saved state.
   *
   * @throws ModelError for the state of another kind of optimizer or another net
   */
  restore(state: OptimizerState): void {
    if (state.kind !== this.kind) {
      throw new ModelError(
        `optimizer state: expected that of ${this.kind}, got ${state.kind}; resume with the optimizer that started the run`,
      );
    }
    const size = this.slotSize();
    if (state.slots.length !== size) {
      throw new ModelError(
        `optimizer state: expected ${size} numbers, got ${state.slots.length}; resume with the net that started the run`,
      );
    }
    const slots: Tensor1D = tensor1d(Float32Array.from(state.slots));
    this.slots.dispose();
    this.slots = keep(slots);
    this.attributes.step = state.step;
  }

  /** Frees the state; the variables are kept. */
  dispose(): void {
    dispose(this.slots);
  }

  private slotSize(): number {
    return slotCounts[this.kind] * this.variables.reduce((sum, { size }) => sum + size, 0);
  }

  private checkGradients(gradients: readonly Tensor[]): void {
    if (gradients.length !== this.variables.length) {
      throw new ShapeError(
        `optimizer: expected ${this.variables.length} gradients, one per variable, got ${gradients.length}; pass all of them, in order`,
      );
    }
    for (const [index, { name, shape }] of this.variables.entries()) {
      const given = gradients[index].shape;
      if (given.length !== shape.length || given.some((size, dim) => size !== shape[dim])) {
        throw new ShapeError(
          `optimizer: gradient of "${name}": expected shape [${shape.join(', ')}], got [${given.join(', ')}]; pass gradients in the order of the variables`,
        );
      }
    }
  }
}

/** Settings that only some optimizers have; libs/nets optimizerOp.ts has the formulas. */
const kindsOf = {
  beta1: ['adam', 'adamw'],
  beta2: ['adam', 'adamw'],
  smoothing: ['rmsprop'],
  epsilon: ['adam', 'adamw', 'rmsprop'],
  momentum: ['sgd'],
} as const satisfies Partial<Record<keyof OptimizerAttributes, readonly OptimizerKind[]>>;

/** @throws ConfigError for an unknown kind or setting, or a setting of another kind of optimizer */
function checkKeys(options: OptimizerOptions): void {
  const { kind } = options;
  // JavaScript callers are not type-checked.
  if (!Object.hasOwn(slotCounts, kind)) {
    throw new ConfigError(
      `optimizer: kind: expected one of ${Object.keys(slotCounts).join(', ')}, got ${JSON.stringify(kind)}; use one of them`,
    );
  }
  const known = ['kind', ...Object.keys(ranges)];
  const given: Readonly<Record<string, unknown>> = { ...options };
  for (const [key, value] of Object.entries(given)) {
    if (!known.includes(key)) {
      throw new ConfigError(
        `optimizer ${kind}: ${key}: unknown setting; expected one of ${known.join(', ')}; correct its name`,
      );
    }
    const kinds = (kindsOf as Partial<Record<string, readonly OptimizerKind[]>>)[key];
    if (given[key] === undefined || kinds === undefined || kinds.includes(kind)) continue;
    if (value === optimizerDefaults[key as keyof typeof kindsOf]) continue;
    throw new ConfigError(
      `optimizer ${kind}: ${key}: expected none, because only ${kinds.join(', ')} ${kinds.length > 1 ? 'use' : 'uses'} it, got ${String(value)}; remove it`,
    );
  }
}

/** Valid ranges of the settings; NaN is never valid. */
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

/** @throws ConfigError if the current backend has no kernel */
function checkOptimizerKernel(): void {
  const backendName = getBackend();
  // The declared type omits undefined.
  const registered = getKernel(optimizerKernelName, backendName) as KernelConfig | undefined;
  if (registered !== undefined) return;
  throw new ConfigError(
    `TensorFlow.js backend "${backendName}": expected a kernel ${optimizerKernelName}, got none; call openWasmBackend of @onda/kernels, or openBackend of @onda/tfjs-native in Node`,
  );
}
