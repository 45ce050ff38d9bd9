import { UnsupportedError } from '../errors.ts';
import { isObject } from './json.ts';
import type { CallArgument } from './layerCalls.ts';

/** TensorFlow's names of arguments, where they differ from Keras 3's. */
const aliases: Readonly<Record<string, string>> = {
  a: 'x1',
  b: 'x2',
  clip_value_max: 'x_max',
  clip_value_min: 'x_min',
  dim: 'axis',
  dims: 'axis',
  features: 'x',
  input: 'x',
  input_tensor: 'x',
  keep_dims: 'keepdims',
  logits: 'x',
  perm: 'axes',
  shape: 'newshape',
  slice_spec: 'key',
  t: 'x',
  tensor: 'x',
  transpose_a: 'transpose_x1',
  transpose_b: 'transpose_x2',
  value: 'x',
  values: 'xs',
  x: 'x',
  y: 'x2',
};

/** The arguments of an operation by name. */
export class OperationArguments {
  private readonly where: string;
  private readonly values: Readonly<Record<string, CallArgument>>;

  /**
   * @param where  the operation for errors
   * @param params names of the arguments in their order
   * @param given  by position or name
   * @throws UnsupportedError for another argument that has a value
   */
  constructor(
    where: string,
    params: readonly string[],
    given: Readonly<Record<string, CallArgument>>,
    options: Readonly<Record<string, unknown>>,
  ) {
    this.where = where;
    const values: Record<string, CallArgument> = {};
    const all: [string, CallArgument][] = [
      ...Object.entries(options).map(([name, value]): [string, CallArgument] => [name, { value }]),
      ...Object.entries(given),
    ];
    for (const [key, argument] of all) {
      if ('value' in argument && (argument.value === null || argument.value === undefined)) continue;
      const position = /^\d+$/.test(key) ? params.at(Number(key)) : undefined;
      const alias = Object.hasOwn(aliases, key) ? aliases[key] : key;
      // `x` and `y` of TensorFlow's sums are `x1` and `x2` of Keras 3.
      const name = position ?? (params.includes(alias) ? alias : alias === 'x' ? params[0] : undefined);
      if (name !== undefined) values[name] = argument;
      else if (!('value' in argument) || argument.value !== false) {
        throw new UnsupportedError(
          `${where}: argument ${key} is not supported; build the model without it, or with layers`,
        );
      }
    }
    this.values = values;
  }

  /** A tensor or constant. */
  operand(name: string): CallArgument {
    return this.values[name] ?? this.missing(name);
  }

  /** A list of tensors. */
  list(name: string): readonly CallArgument[] {
    const value = this.values[name] as CallArgument | undefined;
    return value !== undefined && 'items' in value ? value.items : this.missing(name);
  }

  /** A constant; undefined if it is missing. */
  constant(name: string): unknown {
    const argument = this.values[name] as CallArgument | undefined;
    return argument === undefined ? undefined : this.constantOf(argument);
  }

  /** A whole number or a list of them; undefined if it is missing. */
  integers(name: string): number[] | undefined {
    const value = this.constant(name);
    if (value === undefined) return undefined;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((one): one is number => Number.isSafeInteger(one))) return list;
    throw new UnsupportedError(
      `${this.where}: ${name}: expected whole numbers, got ${JSON.stringify(value).slice(0, 80)}; use constants`,
    );
  }

  private constantOf(argument: CallArgument): unknown {
    if ('items' in argument) return argument.items.map((item) => this.constantOf(item));
    if ('value' in argument) {
      const { value } = argument;
      // Keras 3 wraps tuples and arrays.
      if (isObject(value) && isObject(value['config'])) {
        if (value['class_name'] === '__tuple__') return value['config']['items'];
        if (value['class_name'] === '__numpy__' || value['class_name'] === '__tensor__')
          return value['config']['value'];
      }
      return value;
    }
    throw new UnsupportedError(
      `${this.where}: expected constants besides the tensors, got a computed value; use fixed sizes`,
    );
  }

  private missing(name: string): never {
    throw new UnsupportedError(`${this.where}: expected ${name}, got none; save the model again`);
  }
}

/** One part of an index `x[...]`. */
export type IndexPart =
  | { readonly at: number }
  | { readonly start: number | null; readonly stop: number | null; readonly step: number }
  | 'new'
  | 'rest';

/**
 * Reads an index such as `[:, -1, 2:]` from a constant.
 *
 * @throws UnsupportedError for another index, such as a tensor or a list
 */
export function readIndex(where: string, key: unknown): IndexPart[] {
  const parts: unknown[] = Array.isArray(key) ? key : [key];
  return parts.map((part): IndexPart => {
    if (part === null) return 'new';
    if (Number.isSafeInteger(part)) return { at: part as number };
    if (part === '...' || (isObject(part) && part['class_name'] === '__ellipsis__')) return 'rest';
    const slice = isObject(part) && part['class_name'] === '__slice__' ? part['config'] : part;
    if (isObject(slice) && 'start' in slice) {
      const [start, stop, step] = ['start', 'stop', 'step'].map((end) => slice[end] ?? null);
      const fits = [start, stop, step].every((one) => one === null || Number.isSafeInteger(one));
      if (fits && step !== 0)
        return {
          start: start as number | null,
          stop: stop as number | null,
          step: (step as number | null) ?? 1,
        };
    }
    throw new UnsupportedError(
      `${where}: expected an index of whole numbers and slices, got ${JSON.stringify(part).slice(0, 80)}; use fixed positions`,
    );
  });
}
