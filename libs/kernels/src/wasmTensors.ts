import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { inputList } from './kernelCall.ts';
import type { WasmModule } from './wasmModule.ts';

/** The data of a tensor in the storage of TF.js's `cpu` backend. */
interface CpuData {
  readonly values: ArrayLike<number>;
  refCount: number;
}

/** The part of TF.js's `cpu` backend that the kernels use. */
export interface CpuBackend {
  readonly data: { get(dataId: object): CpuData; set(dataId: object, data: CpuData): void };
}

/**
 * The data of a tensor that a kernel left in the module's memory, in place of an array. Our kernels read it there; TF.js's own kernels
 * and `dataSync` get a copy, so that no array changes or disappears when the memory grows or is used again.
 */
class WasmData implements CpuData {
  readonly dtype = 'float32';
  readonly address: number;
  readonly size: number;
  readonly module: WasmModule;
  private references = 1;
  private copy: Float32Array | undefined;

  constructor(module: WasmModule, address: number, size: number) {
    this.module = module;
    this.address = address;
    this.size = size;
    abandoned?.register(this, { module, address }, this);
  }

  get values(): Float32Array {
    const first = this.address >>> 2;
    return (this.copy ??= this.module.floats.slice(first, first + this.size));
  }

  get refCount(): number {
    return this.references;
  }

  /** TF.js counts the tensors that share the data here; with the last one the memory is free. */
  set refCount(count: number) {
    this.references = count;
    if (count !== 0) return;
    abandoned?.unregister(this);
    this.module.release(this.address);
  }
}

/**
 * Frees the memory of tensors that were not disposed of, as the garbage collector does with arrays. Some runtimes on servers have no such
 * registry; there, every tensor must be disposed of.
 */
const abandoned =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<{ module: WasmModule; address: number }>(({ module, address }) => {
        module.release(address);
      });

const WORD = 4;

/** One call of a kernel: its inputs and outputs as addresses in the module's memory. */
export class WasmCall {
  readonly module: WasmModule;
  readonly inputs: readonly TensorInfo[];
  private readonly backend: CpuBackend;
  private readonly op: string;
  private readonly outputs: WasmOutput[] = [];

  /**
   * @param op    names the op in messages
   * @param count expected number of inputs; default: any number
   * @throws ShapeError for another number of inputs
   */
  constructor(
    module: WasmModule,
    backend: object,
    op: string,
    inputs: NamedTensorInfoMap,
    count = Object.keys(inputs).length,
  ) {
    this.module = module;
    this.backend = backend as CpuBackend;
    this.op = op;
    this.inputs = inputList(op, inputs, count);
  }

  /** Allocates the next output. */
  output(shape: number[]): number {
    const size = shape.reduce((product, dim) => product * dim, 1);
    let address: number;
    try {
      address = this.module.allocate(size * WORD, this.op);
    } catch (error) {
      this.discard();
      throw error;
    }
    this.outputs.push({ shape, size, address });
    return address;
  }

  /**
   * Copies the inputs that are arrays into the module, and calls it.
   *
   * @param words number of 32-bit words for the arguments
   * @param run   writes the arguments to the memory, from index `at` on, and calls the module
   * @throws MissingError if memory is exhausted; the outputs are released
   */
  run(
    words: number,
    run: (
      addresses: readonly number[],
      memory: { words: Int32Array; floats: Float32Array; at: number },
    ) => number,
  ): TensorInfo[] {
    try {
      const addresses = this.stageInputs(words);
      const { floats, words: memory } = this.module;
      const argumentsAt = this.module.stage(0, this.op) >>> 2;
      const status = run(addresses, { words: memory, floats, at: argumentsAt });
      if (status !== 0) throw this.module.outOfMemory(this.op);
    } catch (error) {
      this.discard();
      throw error;
    }
    return this.outputs.map((output) => this.tensorOf(output));
  }

  /** After the arguments, the staging area holds the inputs that are not in the module yet. */
  private stageInputs(words: number): number[] {
    const data = this.inputs.map(({ dataId }) => this.backend.data.get(dataId));
    const isHere = (one: CpuData): one is WasmData => one instanceof WasmData && one.module === this.module;
    const values = data.filter((one) => !isHere(one)).reduce((sum, one) => sum + one.values.length, 0);
    let next = this.module.stage((words + values) * WORD, this.op) + words * WORD;
    const { floats } = this.module;
    return data.map((one) => {
      if (isHere(one)) return one.address;
      const address = next;
      floats.set(one.values, address >>> 2);
      next += one.values.length * WORD;
      return address;
    });
  }

  private tensorOf({ shape, size, address }: WasmOutput): TensorInfo {
    const dataId = {};
    this.backend.data.set(dataId, new WasmData(this.module, address, size));
    return { dataId, shape, dtype: 'float32' };
  }

  private discard(): void {
    for (const { address } of this.outputs.splice(0)) this.module.release(address);
  }
}

interface WasmOutput {
  shape: number[];
  size: number;
  address: number;
}
