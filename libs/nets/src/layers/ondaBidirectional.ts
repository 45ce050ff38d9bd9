import type { serialization, Tensor } from '@tensorflow/tfjs-core';
import { add, concat, mul, reverse, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable, Shape } from '@tensorflow/tfjs-layers';
import { input, layers } from '@tensorflow/tfjs-layers';
import { ConfigError, ShapeError } from '@onda/contract';
import type { LayerArgs } from './layerArguments.ts';
import { callInputs, checkOptionNames } from './layerArguments.ts';
import type { RecurrentLayerArgs } from './recurrentLayer.ts';
import { RecurrentLayer } from './recurrentLayer.ts';
import { recurrentLayers } from './recurrentLayers.ts';

/** Ways to merge the outputs of the two directions. */
const merges = {
  concat: (forward: Tensor, backward: Tensor) => concat([forward, backward], -1),
  sum: (forward: Tensor, backward: Tensor) => add(forward, backward),
  mul: (forward: Tensor, backward: Tensor) => mul(forward, backward),
  ave: (forward: Tensor, backward: Tensor) => mul(add(forward, backward), 0.5),
};

export type MergeMode = keyof typeof merges;

export interface OndaBidirectionalArgs extends LayerArgs {
  /** The layer of one direction, or its saved configuration; the other direction gets a copy. */
  layer: RecurrentLayer | { className: string; config: serialization.ConfigDict };
  /** Default `concat`: the units of both directions side by side. */
  mergeMode?: MergeMode;
}

/** Difference of the seeds of the two directions. */
const SEED_DISTANCE = 1_000_003;

/**
 * Two recurrent layers over whole sequences, one from the start and one from the end.
 *
 * Inputs: x [batch, time, features], or a list of x, the initial states of the forward layer and those of the backward layer.
 * Outputs: the merged values, in the order of x; with `returnState` the final states of both layers, in the same order.
 *
 * @example
 * new OndaBidirectional({ layer: new OndaLSTM({ units: 32, returnSequences: true }), mergeMode: 'sum' })
 */
export class OndaBidirectional extends layers.Layer {
  static readonly className = 'OndaBidirectional';
  readonly mergeMode: MergeMode;
  readonly forward: RecurrentLayer;
  readonly backward: RecurrentLayer;

  constructor(args: OndaBidirectionalArgs) {
    super(args);
    checkOptionNames(this.name, args, ['layer', 'mergeMode']);
    const mode: string = args.mergeMode ?? 'concat';
    if (!Object.hasOwn(merges, mode)) {
      throw new ConfigError(
        `layer "${this.name}": mergeMode: expected one of ${Object.keys(merges).join(', ')}, got ${JSON.stringify(mode)}; use one of them`,
      );
    }
    this.mergeMode = mode as MergeMode;
    const { className, config } = layerConfig(this.name, args.layer);
    const name = config.name as string;
    const backwards: serialization.ConfigDict = { ...config, goBackwards: config.goBackwards !== true };
    if (typeof config.seed === 'number') backwards.seed = config.seed + SEED_DISTANCE;
    this.forward = makeLayer(this.name, className, { ...config, name: `forward_${name}` });
    this.backward = makeLayer(this.name, className, { ...backwards, name: `backward_${name}` });
    if (args.trainable !== undefined) this.trainable = args.trainable;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [shape] = Array.isArray(inputShape[0]) ? (inputShape as Shape[]) : [inputShape as Shape];
    // apply instead of build: it puts the layer's name into the names of its weights.
    this.forward.apply(input({ batchShape: shape }));
    this.backward.apply(input({ batchShape: shape }));
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const shape = this.forward.computeOutputShape(inputShape);
    const [values, ...states] = Array.isArray(shape[0]) ? (shape as Shape[]) : [shape as Shape];
    const merged = this.mergeMode === 'concat' ? [...values.slice(0, -1), 2 * this.forward.units] : values;
    return states.length === 0 ? merged : [merged, ...states, ...states];
  }

  override call(inputs: Tensor | Tensor[]): Tensor | Tensor[] {
    return tidy<Tensor | Tensor[]>(() => {
      const [x, ...states] = Array.isArray(inputs) ? inputs : [inputs];
      const count = this.forward.stateNames.length;
      if (states.length !== 0 && states.length !== 2 * count) {
        throw new ShapeError(
          `layer "${this.name}": expected x alone or x and ${2 * count} initial states, got ${states.length + 1} inputs; pass those of the forward layer, then those of the backward layer`,
        );
      }
      const [values, ...finalStates] = [this.forward.call([x, ...states.slice(0, count)])].flat();
      const [other, ...otherStates] = [this.backward.call([x, ...states.slice(count)])].flat();
      // Each layer returns its samples in processing order.
      const back = this.forward.returnSequences ? reverse(other, 1) : other;
      const merged = merges[this.mergeMode](values, back);
      return this.forward.returnState ? [merged, ...finalStates, ...otherStates] : merged;
    });
  }

  /** Accepts `initialState` as an option too, like TensorFlow.js's own layer. */
  override apply(...given: Parameters<layers.Layer['apply']>): ReturnType<layers.Layer['apply']> {
    return super.apply(...callInputs(this.name, ...given));
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  override set trainable(value: boolean) {
    super.trainable = value;
    this.forward.trainable = value;
    this.backward.trainable = value;
  }

  override get trainableWeights(): LayerVariable[] {
    return [...this.forward.trainableWeights, ...this.backward.trainableWeights];
  }

  override get nonTrainableWeights(): LayerVariable[] {
    return [...this.forward.nonTrainableWeights, ...this.backward.nonTrainableWeights];
  }

  override setFastWeightInitDuringBuild(value: boolean): void {
    super.setFastWeightInitDuringBuild(value);
    this.forward.setFastWeightInitDuringBuild(value);
    this.backward.setFastWeightInitDuringBuild(value);
  }

  override getConfig(): serialization.ConfigDict {
    const { forward, mergeMode } = this;
    const name = forward.name.replace(/^forward_/, '');
    return {
      ...super.getConfig(),
      mergeMode,
      layer: { className: forward.getClassName(), config: { ...forward.getConfig(), name } },
    };
  }
}

/** The configuration from which both directions are built. */
function layerConfig(
  name: string,
  layer: OndaBidirectionalArgs['layer'],
): { className: string; config: serialization.ConfigDict } {
  if (layer instanceof RecurrentLayer) return { className: layer.getClassName(), config: layer.getConfig() };
  // JavaScript callers are not type-checked.
  const given: unknown = layer;
  if (given instanceof layers.Layer) throw notRecurrent(name, given.getClassName());
  if (typeof given === 'object' && given !== null && 'className' in given && 'config' in given) return layer;
  throw notRecurrent(name, JSON.stringify(given));
}

function makeLayer(owner: string, className: string, config: serialization.ConfigDict): RecurrentLayer {
  const Kind = Object.values(recurrentLayers).find((kind) => kind.className === className);
  if (Kind !== undefined) return new Kind(config as unknown as RecurrentLayerArgs);
  throw notRecurrent(owner, className);
}

function notRecurrent(owner: string, given: string): ConfigError {
  return new ConfigError(
    `layer "${owner}": layer: expected an OndaRNN, OndaLSTM or OndaGRU layer, got ${given}; pass one`,
  );
}
