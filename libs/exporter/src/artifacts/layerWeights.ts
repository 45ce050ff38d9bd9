import { ModelError } from '@onda/contract';
import type { Weight } from './weights.ts';

/** The weights of one layer, by the layer's own weight names. */
export class LayerWeights {
  private readonly layer: string;
  private readonly weights: ReadonlyMap<string, Weight>;

  constructor(layer: string, weights: ReadonlyMap<string, Weight>) {
    this.layer = layer;
    this.weights = weights;
  }

  /** The weights of a part of the layer, such as a cell. */
  within(part: string): LayerWeights {
    return new LayerWeights(`${this.layer}/${part}`, this.weights);
  }

  /** The first of these names that the model has; the first name if it has none of them. */
  firstOf(...names: readonly [string, ...string[]]): string {
    return names.find((name) => this.has(name)) ?? names[0];
  }

  /** Whether the model has no weights of this layer or part. */
  isEmpty(): boolean {
    return ![...this.weights.keys()].some((name) => `/${name}`.includes(`/${this.layer}/`));
  }

  /**
   * @param name  for example `kernel`
   * @throws ModelError for a missing weight or another shape
   */
  get(name: string, shape: readonly number[]): Float32Array {
    const { data } = this.entry(
      name,
      shape.length,
      `[${shape.join(', ')}]`,
      (dim, axis) => dim === shape[axis],
    );
    return data;
  }

  /**
   * A weight whose first dim is unknown, such as the features of a kernel.
   *
   * @param rest the dims after the first
   */
  open(name: string, rest: readonly number[]): Weight {
    const wanted = `[any, ${rest.join(', ')}]`;
    return this.entry(name, rest.length + 1, wanted, (dim, axis) => axis === 0 || dim === rest[axis - 1]);
  }

  /**
   * The last dim of a weight, where no option holds it.
   *
   * @throws ModelError for a missing weight
   */
  lastDim(name: string): number {
    return this.find(name).shape.at(-1) ?? 1;
  }

  private entry(
    name: string,
    rank: number,
    wanted: string,
    fits: (dim: number, axis: number) => boolean,
  ): Weight {
    const weight = this.find(name);
    if (weight.shape.length !== rank || !weight.shape.every(fits)) {
      throw new ModelError(
        `weight "${this.layer}/${name}": expected shape ${wanted} as the layer's options say, got [${weight.shape.join(', ')}]; save the model again`,
      );
    }
    return weight;
  }

  private has(name: string): boolean {
    return this.weights.has(`${this.layer}/${name}`) || this.keras(name) !== undefined;
  }

  private find(name: string): Weight {
    const full = `${this.layer}/${name}`;
    const weight = this.weights.get(full) ?? this.keras(name);
    if (weight !== undefined) return weight;
    if ([...this.weights.keys()].some((one) => /\/vars\/\d+$/.test(one))) {
      throw new ModelError(
        `weight "${full}": expected the names of an HDF5 file, got those of a .keras file; save the model as .h5 before you convert it`,
      );
    }
    throw new ModelError(`weight "${full}": expected it in the model, got none; save the model again`);
  }

  /** Keras inserts names between layer and weight (`lstm/lstm_cell/kernel`) and prefixes model names. */
  private keras(name: string): Weight | undefined {
    const found = [...this.weights.values()].filter(
      (weight) => `/${weight.name}`.includes(`/${this.layer}/`) && weight.name.endsWith(`/${name}`),
    );
    return found.length === 1 ? found[0] : undefined;
  }
}
