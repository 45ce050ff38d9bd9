import type { Rank, serialization, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { clone, engine, reverse, tidy, zeros } from '@tensorflow/tfjs-core';
import type { LayerVariable, Shape } from '@tensorflow/tfjs-layers';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import type { CellKind } from '@onda/contract';
import { ConfigError, ShapeError } from '@onda/contract';
import { recurrent, recurrentAttributes } from '../recurrent.ts';
import type { RecurrentAttributes } from '@onda/kernels';
import { gateCounts } from '@onda/kernels';
import type { LayerArgs } from './layerArguments.ts';
import { booleanOption, callInputs, checkOptionNames, checkSequence } from './layerArguments.ts';
import type { Initializer, InitializerOption } from './weightInitializer.ts';
import { initializerConfig, weightInitializer } from './weightInitializer.ts';

/** Options of all recurrent layers, in addition to those of any TensorFlow.js layer. */
export interface RecurrentLayerArgs extends LayerArgs {
  /** Size of the state h. */
  units: number;
  /** Whether the output is h of every sample, [batch, time, units], or of the last one processed, [batch, units] (default). */
  returnSequences?: boolean;
  /** Whether the final h, and c of an lstm, each [batch, units], are outputs as well. */
  returnState?: boolean;
  /** Whether the sequence is processed from its end. As in Keras, the output sequence is in processing order. */
  goBackwards?: boolean;
  /** Seed of the initial weights, which are uniform in +-1 / sqrt(units) as in PyTorch; without it every layer draws other weights. */
  seed?: number;
  /** Initializers that replace PyTorch's uniform distribution. */
  kernelInitializer?: InitializerOption;
  recurrentInitializer?: InitializerOption;
  biasInitializer?: InitializerOption;
  recurrentBiasInitializer?: InitializerOption;
}

const initializerNames = [
  'kernelInitializer',
  'recurrentInitializer',
  'biasInitializer',
  'recurrentBiasInitializer',
] as const satisfies readonly (keyof RecurrentLayerArgs)[];

const ownOptions = [
  'units',
  'returnSequences',
  'returnState',
  'goBackwards',
  'seed',
  ...initializerNames,
] as const satisfies readonly (keyof RecurrentLayerArgs)[];

interface Weights {
  kernel: LayerVariable;
  recurrentKernel: LayerVariable;
  bias: LayerVariable;
  recurrentBias: LayerVariable;
}

/**
 * A TensorFlow.js layer on the recurrent op.
 *
 * Inputs: x [batch, time, features], or a list of x and the initial h (and c of an lstm), each [batch, units]; default zeros.
 * Outputs: the values, and with `returnState` the final h (and c). Weights: `kernel` [features, gates * units],
 * `recurrent_kernel` [units, gates * units], `bias` and `recurrent_bias` [gates * units].
 */
export abstract class RecurrentLayer extends layers.Layer {
  readonly units: number;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  private readonly seed: number | undefined;
  private readonly initializers: Partial<Record<(typeof initializerNames)[number], Initializer>>;
  private variables: Weights | undefined;
  private features = 0;

  /** @param kindOptions names of the subclass's own options */
  constructor(args: RecurrentLayerArgs, kindOptions: readonly string[] = []) {
    super(args);
    const { name } = this;
    checkOptionNames(name, args, [...ownOptions, ...kindOptions]);
    if (!Number.isInteger(args.units) || args.units < 1) {
      throw new ConfigError(
        `layer "${name}": units: expected a whole number of at least 1, got ${args.units}; set it`,
      );
    }
    if (args.seed !== undefined && !Number.isSafeInteger(args.seed)) {
      throw new ConfigError(
        `layer "${name}": seed: expected a whole number, got ${JSON.stringify(args.seed)}; set it`,
      );
    }
    this.units = args.units;
    this.returnSequences = booleanOption(name, 'returnSequences', args.returnSequences, false);
    this.returnState = booleanOption(name, 'returnState', args.returnState, false);
    this.goBackwards = booleanOption(name, 'goBackwards', args.goBackwards, false);
    this.seed = args.seed;
    this.initializers = Object.fromEntries(
      initializerNames
        .filter((option) => args[option] !== undefined)
        .map((option) => [
          option,
          weightInitializer(
            args[option],
            `layer "${name}": ${option}`,
            this.weightSeed(initializerNames.indexOf(option)),
          ),
        ]),
    );
  }

  abstract get cell(): CellKind;

  /** Attributes of the op that the subclass sets. */
  protected cellAttributes(): Partial<RecurrentAttributes> {
    return {};
  }

  /** Names of the states. */
  get stateNames(): readonly ('h' | 'c')[] {
    return this.cell === 'lstm' ? ['h', 'c'] : ['h'];
  }

  override build(inputShape: Shape | Shape[]): void {
    const [batchInput] = shapeList(inputShape);
    const features = batchInput.length === 3 ? batchInput[2] : null;
    if (features === null) {
      throw new ShapeError(
        `layer "${this.name}": expected input [batch, time, features] with a fixed number of features, got [${batchInput.map(String).join(', ')}]; set inputShape: [null, features]`,
      );
    }
    const columns = gateCounts[this.cell] * this.units;
    this.variables = {
      kernel: this.addInitialWeight('kernel', [features, columns], 0),
      recurrentKernel: this.addInitialWeight('recurrent_kernel', [this.units, columns], 1),
      bias: this.addInitialWeight('bias', [columns], 2),
      recurrentBias: this.addInitialWeight('recurrent_bias', [columns], 3),
    };
    this.features = features;
    super.build(inputShape);
  }

  /** Seed of a weight; TensorFlow.js treats a seed of 0 as none. */
  private weightSeed(index: number): number | undefined {
    return this.seed === undefined ? undefined : 4 * this.seed + index + 1;
  }

  private addInitialWeight(name: string, shape: number[], index: number): LayerVariable {
    const bound = 1 / Math.sqrt(this.units);
    const drawn = this.weightSeed(index);
    const seed = drawn === undefined ? {} : { seed: drawn };
    const initializer =
      this.initializers[initializerNames[index]] ??
      initializers.randomUniform({ minval: -bound, maxval: bound, ...seed });
    return this.addWeight(name, shape, 'float32', initializer);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const [[batch, time]] = shapeList(inputShape);
    const values = this.returnSequences ? [batch, time, this.units] : [batch, this.units];
    if (!this.returnState) return values;
    return [values, ...this.stateNames.map(() => [batch, this.units])];
  }

  /** Accepts `initialState` as an option too, like TensorFlow.js's own layers. */
  override apply(...given: Parameters<layers.Layer['apply']>): ReturnType<layers.Layer['apply']> {
    return super.apply(...callInputs(this.name, ...given));
  }

  override call(inputs: Tensor | Tensor[]): Tensor | Tensor[] {
    return tidy<Tensor | Tensor[]>(() => {
      const given = Array.isArray(inputs) ? inputs : [inputs];
      this.builtWeights();
      checkSequence(this.name, given, {
        features: this.features,
        units: this.units,
        states: this.stateNames,
      });
      const [x, ...states] = given as [Tensor3D, ...Tensor2D[]];
      const { y, h, c } = this.run(x, states);
      const values = this.returnSequences ? (this.goBackwards ? reverse(y, 1) : y) : h;
      if (!this.returnState) return values;
      // Each output must be a separate tensor.
      const last = values === h ? clone(h) : h;
      return c === undefined ? [values, last] : [values, last, c];
    });
  }

  private builtWeights(): Weights {
    if (this.variables !== undefined) return this.variables;
    throw new ShapeError(`layer "${this.name}": expected a built layer, got call before apply; call apply`);
  }

  private run(x: Tensor3D, states: Tensor2D[]): ReturnType<typeof recurrent> {
    const variables = this.builtWeights();
    const start = (index: number): Tensor2D => states.at(index) ?? zeros<Rank.R2>([x.shape[0], this.units]);
    return recurrent(
      {
        x,
        kernel: variables.kernel.read() as Tensor2D,
        recurrentKernel: variables.recurrentKernel.read() as Tensor2D,
        bias: variables.bias.read() as Tensor1D,
        recurrentBias: variables.recurrentBias.read() as Tensor1D,
        h0: start(0),
        c0: this.cell === 'lstm' ? start(1) : undefined,
      },
      recurrentAttributes({
        cell: this.cell,
        reverse: this.goBackwards,
        // Keep the reserve when a gradient will be computed.
        training: engine().isTapeOn(),
        ...this.cellAttributes(),
      }),
    );
  }

  override getConfig(): serialization.ConfigDict {
    const { units, returnSequences, returnState, goBackwards, seed } = this;
    return {
      ...super.getConfig(),
      units,
      returnSequences,
      returnState,
      goBackwards,
      ...(seed === undefined ? {} : { seed }),
      ...Object.fromEntries(
        Object.entries(this.initializers).map(([option, made]) => [option, initializerConfig(made)]),
      ),
    };
  }
}

function shapeList(shape: Shape | Shape[]): Shape[] {
  return Array.isArray(shape[0]) ? (shape as Shape[]) : [shape as Shape];
}
