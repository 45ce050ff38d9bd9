import { ModelError } from '@onda/contract';
import type { Weight } from './weights.ts';

/** Weights by `component/last`, for every component of their names: `lstm/lstm_cell/kernel` is under `lstm/kernel` and `lstm_cell/kernel`. */
type WeightIndex = ReadonlyMap<string, readonly Weight[]>;

const indexes = new WeakMap<ReadonlyMap<string, Weight>, WeightIndex>();

function indexOf(weights: ReadonlyMap<string, Weight>): WeightIndex {
  const known = indexes.get(weights);
  if (known !== undefined) return known;
  const index = new Map<string, Weight[]>();
  const add = (key: string, weight: Weight): void => {
    const list = index.get(key);
    if (list === undefined) index.set(key, [weight]);
    else list.push(weight);
  };
  for (const weight of weights.values()) {
    const parts = weight.name.split('/');
    const last = parts.pop() ?? '';
    for (const part of new Set(parts)) {
      add(`${part}/${last}`, weight);
      add(part, weight);
    }
  }
  indexes.set(weights, index);
  return index;
}

/** The weights of one layer, by the layer's own weight names. */
export class LayerWeights {
  private readonly layer: string;
  private readonly weights: ReadonlyMap<string, Weight>;
  private readonly path: string;

  /** @param path the layer's name with those of the models around it: layers of several models may have the same name */
  constructor(layer: string, weights: ReadonlyMap<string, Weight>, path = layer) {
    this.layer = layer;
    this.weights = weights;
    this.path = path;
  }

  /** The weights of a part of the layer, such as a cell. */
  within(part: string): LayerWeights {
    return new LayerWeights(`${this.layer}/${part}`, this.weights, `${this.path}/${part}`);
  }

  /** The first of these names that the model has; the first name if it has none of them. */
  firstOf(...names: readonly [string, ...string[]]): string {
    return names.find((name) => this.has(name)) ?? names[0];
  }

  /** Whether the model has no weights of this layer or part. */
  isEmpty(): boolean {
    const near = indexOf(this.weights).get(lastPart(this.layer)) ?? [];
    return !near.some(({ name }) => `/${name}`.includes(`/${this.layer}/`));
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

  /** A weight of any shape. */
  any(name: string): Weight {
    return this.find(name);
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
    return this.candidates(name).length > 0;
  }

  private find(name: string): Weight {
    const full = `${this.layer}/${name}`;
    const found = this.candidates(name);
    const [weight, other] = [found.at(0), found.at(1)];
    if (weight === undefined) {
      throw new ModelError(`weight "${full}": expected it in the model, got none; save the model again`);
    }
    if (other === undefined) return weight;
    throw new ModelError(
      `weight "${full}": expected one weight of that name, got "${weight.name}" and "${other.name}"; rename one of the layers and save the model again`,
    );
  }

  /**
   * The weights that fit a name equally well. Keras inserts names between layer and weight (`lstm/lstm_cell/kernel`) and prefixes model
   * names, so the layer's path counts more than its name alone, and a name near the start more than one behind others (`my/lstm`).
   */
  private candidates(name: string): Weight[] {
    for (const scope of new Set([this.path, this.layer])) {
      const exact = this.weights.get(`${scope}/${name}`);
      if (exact !== undefined) return [exact];
      const near = indexOf(this.weights).get(`${lastPart(scope)}/${lastPart(name)}`) ?? [];
      const fits = near
        .filter((weight) => weight.name.endsWith(`/${name}`))
        .map((weight) => ({ weight, at: `/${weight.name}`.indexOf(`/${scope}/`) }))
        .filter(({ at }) => at >= 0);
      const first = fits.reduce((least, { at }) => Math.min(least, at), Infinity);
      if (fits.length > 0) return fits.filter(({ at }) => at === first).map(({ weight }) => weight);
    }
    return [];
  }
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
