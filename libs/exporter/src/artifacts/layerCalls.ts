import { ModelError } from '@onda/contract';
import { UnsupportedError } from '../errors.ts';
import type { JsonObject } from './json.ts';
import { isObject, listAt, textAt } from './json.ts';

/** One output of one call of a layer. */
export interface LayerOutput {
  readonly layer: string;
  /** Index of the call; a shared layer has several. */
  readonly call: number;
  /** Index of the output within the call. */
  readonly output: number;
}

/** An argument of a call: a tensor by its index in the call's inputs, a list of arguments, or a constant. */
export type CallArgument =
  { readonly input: number } | { readonly items: readonly CallArgument[] } | { readonly value: unknown };

/** One call of a layer or operation. */
export interface LayerCallArguments {
  /** The tensors, in the order of the arguments. */
  readonly inputs: readonly LayerOutput[];
  /** By name, without the first one of a layer; by position and name for an operation: `0`, `1`, `axis`. */
  readonly named: Readonly<Record<string, CallArgument>>;
}

/** Call options of layer classes that have a rule; tensors, or flags. */
const callOptions: Readonly<Record<string, readonly string[]>> = {
  AdditiveAttention: ['use_causal_mask', 'return_attention_scores'],
  Attention: ['use_causal_mask', 'return_attention_scores'],
  MultiHeadAttention: ['value', 'key', 'attention_mask', 'use_causal_mask', 'return_attention_scores'],
};

/** Call options without effect at inference. */
const idle: ReadonlySet<string> = new Set(['training', 'name']);

/** Reads the calls of a layer. */
export class CallReader {
  private readonly className: string;
  private readonly layer: string;
  private readonly names: ReadonlySet<string>;
  private readonly masks: ReadonlySet<string>;

  /**
   * @param names of all layers of the model
   * @param masks names of the operations that only compute masks
   */
  constructor(
    className: string,
    layer: string,
    names: ReadonlySet<string>,
    masks: ReadonlySet<string> = new Set(),
  ) {
    this.className = className;
    this.layer = layer;
    this.names = names;
    this.masks = masks;
  }

  /**
   * Reads one entry of `inbound_nodes`: `{args, kwargs}` of Keras 3, else a list of [layer, call, output, options].
   *
   * @throws UnsupportedError for an option without a rule, ModelError for a damaged entry
   */
  read(call: unknown): LayerCallArguments {
    if (isObject(call) && Array.isArray(call['args'])) {
      return this.collect(call['args'] as unknown[], isObject(call['kwargs']) ? call['kwargs'] : {}, true);
    }
    if (isObject(call)) {
      throw new UnsupportedError(
        `layer "${this.layer}": inputs by name, ${Object.keys(call).join(', ')}, are not supported; call the layer with a list of tensors`,
      );
    }
    const list = listAt(call, `layer "${this.layer}": inbound_nodes`);
    // Keras 2 writes the only tensor of an operation without a list around it.
    const entries = typeof list[0] === 'string' ? [list] : list;
    const first: unknown = entries[0];
    const options = Array.isArray(first) && isObject(first[3]) ? first[3] : {};
    const tensors = entries.map((entry) => {
      const parts = listAt(entry, `layer "${this.layer}": inbound_nodes`);
      return parts[0] === '_CONSTANT_VALUE' ? { constant: parts[2] } : parts.slice(0, 3);
    });
    return this.collect(typeof list[0] === 'string' ? tensors : [tensors], options, false);
  }

  private get isOperation(): boolean {
    return this.className === 'Operation';
  }

  private collect(args: readonly unknown[], options: JsonObject, isKeras3: boolean): LayerCallArguments {
    const inputs: LayerOutput[] = [];
    const argument = (value: unknown): CallArgument => {
      const output = isKeras3 ? this.tensorOfKeras3(value) : this.tensor(value);
      if (output !== null) return { input: inputs.push(output) - 1 };
      if (isObject(value) && Object.hasOwn(value, 'constant')) return { value: value['constant'] };
      if (Array.isArray(value)) return { items: value.map(argument) };
      return { value };
    };
    const named: Record<string, CallArgument> = {};
    args.forEach((value, index) => {
      const read = argument(value);
      if (this.isOperation) named[String(index)] = read;
      else if (!this.isOfTensors(read)) throw this.notATensor(value);
    });
    const other: string[] = [];
    for (const [name, value] of Object.entries(options)) {
      if (value === null || idle.has(name) || this.followsFromLayers(name, value)) continue;
      const isState = name === 'initial_state';
      const known = callOptions[this.className] as readonly string[] | undefined;
      if (!this.isOperation && !isState && known?.includes(name) !== true) {
        other.push(name);
        continue;
      }
      const read = argument(value);
      // Initial states follow the input.
      if (!isState || this.isOperation) named[name] = read;
      else if (!this.isOfTensors(read)) throw this.notATensor(value);
    }
    if (other.length > 0) {
      throw new UnsupportedError(
        isKeras3
          ? `layer "${this.layer}": call options ${other.join(', ')} of Keras 3 are not supported; remove them, or build the model with Keras 2 (tf_keras)`
          : `layer "${this.layer}": call options ${other.join(', ')} are not supported; pass tensors as inputs of the layer`,
      );
    }
    return { inputs, named };
  }

  private isOfTensors(argument: CallArgument): boolean {
    if ('items' in argument) return argument.items.every((item) => this.isOfTensors(item));
    return 'input' in argument;
  }

  private notATensor(value: unknown): UnsupportedError {
    return new UnsupportedError(
      `layer "${this.layer}": expected tensors as call arguments, got ${JSON.stringify(value)}; use a layer instead`,
    );
  }

  /** [layer, call, output], or null for another value: a list of constants has no layer's name. */
  private tensor(value: unknown): LayerOutput | null {
    if (!Array.isArray(value) || typeof value[0] !== 'string') return null;
    if (this.isOperation && !(value.length === 3 && this.names.has(value[0]))) return null;
    return readOutput(value, `layer "${this.layer}": inbound_nodes`);
  }

  private tensorOfKeras3(value: unknown): LayerOutput | null {
    const history = historyOf(value);
    return history === null ? null : readOutput(history, `layer "${this.layer}": inbound_nodes`);
  }

  /** Whether an option is a mask, or a list of masks, that the model's layers determine anyway. */
  private followsFromLayers(name: string, value: unknown): boolean {
    if (name === 'attention_mask' || !/(^|_)mask$/.test(name)) return false;
    const values = Array.isArray(value) ? (value as unknown[]) : [value];
    return values.every((one) => one === null || this.masks.has(String(historyOf(one)?.[0])));
  }
}

/** [layer, call, output] of a Keras 3 tensor; null for other values. */
export function historyOf(value: unknown): readonly unknown[] | null {
  const history = isObject(value) && isObject(value['config']) ? value['config']['keras_history'] : undefined;
  return Array.isArray(history) ? (history as unknown[]) : null;
}

/** The outputs in a list, in lists of lists, or in an object by its sorted keys, as Keras flattens them. */
export function readOutputs(value: unknown, where: string): LayerOutput[] {
  if (isObject(value)) {
    return Object.keys(value)
      .sort()
      .flatMap((key) => readOutputs(value[key], where));
  }
  const list = listAt(value, where);
  if (typeof list[0] === 'string') return [readOutput(list, where)];
  return list.flatMap((entry) => readOutputs(entry, where));
}

function readOutput(entry: readonly unknown[], where: string): LayerOutput {
  const [layer, call, output] = entry;
  if (!isIndex(call) || !isIndex(output)) {
    throw new ModelError(
      `model topology: ${where}: expected [layer, call, output], got ${JSON.stringify(entry).slice(0, 80)}; save the model again`,
    );
  }
  return { layer: textAt(layer, where), call, output };
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
