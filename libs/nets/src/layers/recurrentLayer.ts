import type { Rank, Tensor, Tensor1D, Tensor2D, Tensor3D, serialization } from '@tensorflow/tfjs-core';
import { clone, engine, reverse, tidy, zeros } from '@tensorflow/tfjs-core';
import type { LayerVariable, Shape } from '@tensorflow/tfjs-layers';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import type { CellKind } from '@onda/contract';
import { ConfigError, ShapeError } from '@onda/contract';
import { recurrent, recurrentAttributes } from '../recurrent.ts';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import { gateCounts } from '../recurrentOp.ts';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** The options of every recurrent layer, beside those of any TensorFlow.js layer. */
export interface RecurrentLayerArgs extends LayerArgs {
  /** Size of the state h. */
  units: number;
  /** Whether the output is h of every sample, [batch, time, units], or of the last one walked, [batch, units] (the default). */
  returnSequences?: boolean;
  /** Whether the final h, and c of an lstm, each [batch, units], are outputs too. */
  returnState?: boolean;
  /** Whether the sequence is walked from its end. As in Keras, the output sequence is in the order of the walk. */
  goBackwards?: boolean;
  /** Of the start weights, which are uniform in +-1 / sqrt(units) as PyTorch's; another draw every time when left out. */
  seed?: number;
}

interface Weights {
  kernel: LayerVariable;
  recurrentKernel: LayerVariable;
  bias: LayerVariable;
  recurrentBias: LayerVariable;
}

/**
 * A recurrent layer over the recurrent op.
 *
 * Inputs: x [batch, time, features], or a list of x and the initial h (and c of an lstm), each [batch, units]; zeros when left out.
 * Outputs: the values, and with `returnState` the final h (and c). Weights: `kernel` [features, gates * units],
 * `recurrent_kernel` [units, gates * units], `bias` and `recurrent_bias` [gates * units].
 */
export abstract class RecurrentLayer extends layers.Layer {
  readonly units: number;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  private readonly seed: number | undefined;
  private variables: Weights | undefined;

  constructor(args: RecurrentLayerArgs) {
    super(args);
    if (!Number.isInteger(args.units) || args.units < 1) {
      throw new ConfigError(
        `layer "${this.name}": units: expected a whole number of at least 1, got ${args.units}; set it`,
      );
    }
    this.units = args.units;
    this.returnSequences = args.returnSequences ?? false;
    this.returnState = args.returnState ?? false;
    this.goBackwards = args.goBackwards ?? false;
    this.seed = args.seed;
  }

  abstract get cell(): CellKind;

  /** The attributes that are this kind's own. */
  protected cellAttributes(): Partial<RecurrentAttributes> {
    return {};
  }

  private get stateCount(): number {
    return this.cell === 'lstm' ? 2 : 1;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [batchInput] = shapeList(inputShape);
    const features = batchInput.length === 3 ? batchInput[2] : null;
    if (features === null) {
      throw new ShapeError(
        `layer "${this.name}": expected input [batch, time, features] with a fixed number of features, got [${batchInput.map(String).join(', ')}]; give inputShape: [null, features]`,
      );
    }
    const columns = gateCounts[this.cell] * this.units;
    this.variables = {
      kernel: this.addUniform('kernel', [features, columns], 0),
      recurrentKernel: this.addUniform('recurrent_kernel', [this.units, columns], 1),
      bias: this.addUniform('bias', [columns], 2),
      recurrentBias: this.addUniform('recurrent_bias', [columns], 3),
    };
    super.build(inputShape);
  }

  private addUniform(name: string, shape: number[], index: number): LayerVariable {
    const bound = 1 / Math.sqrt(this.units);
    // TensorFlow.js takes a seed of 0 for none.
    const seed = this.seed === undefined ? {} : { seed: 4 * this.seed + index + 1 };
    const initializer = initializers.randomUniform({ minval: -bound, maxval: bound, ...seed });
    return this.addWeight(name, shape, 'float32', initializer);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const [[batch, time]] = shapeList(inputShape);
    const values = this.returnSequences ? [batch, time, this.units] : [batch, this.units];
    if (!this.returnState) return values;
    return [values, ...Array.from({ length: this.stateCount }, () => [batch, this.units])];
  }

  override call(inputs: Tensor | Tensor[]): Tensor | Tensor[] {
    return tidy<Tensor | Tensor[]>(() => {
      const [x, ...states] = (Array.isArray(inputs) ? inputs : [inputs]) as [Tensor3D, ...Tensor2D[]];
      if (states.length !== 0 && states.length !== this.stateCount) {
        throw new ShapeError(
          `layer "${this.name}": expected x alone or x and ${this.stateCount === 1 ? 'h' : 'h and c'}, got ${states.length + 1} inputs; give the whole initial state or none of it`,
        );
      }
      const { y, h, c } = this.run(x, states);
      const values = this.returnSequences ? (this.goBackwards ? reverse(y, 1) : y) : h;
      if (!this.returnState) return values;
      // An output is a tensor of its own, not one twice.
      const last = values === h ? clone(h) : h;
      return c === undefined ? [values, last] : [values, last, c];
    });
  }

  private run(x: Tensor3D, states: Tensor2D[]): ReturnType<typeof recurrent> {
    const { variables } = this;
    if (variables === undefined) {
      throw new ShapeError(`layer "${this.name}": called before it was built; use apply, not call`);
    }
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
        // What a gradient needs is kept when somebody is going to ask for one.
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
    };
  }
}

function shapeList(shape: Shape | Shape[]): Shape[] {
  return Array.isArray(shape[0]) ? (shape as Shape[]) : [shape as Shape];
}
