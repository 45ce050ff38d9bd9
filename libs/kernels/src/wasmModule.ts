import { ConfigError, MissingError } from '@onda/contract';

type BytesSource = BufferSource | Response | URL | string;

/** The compiled kernels: bytes of kernels.wasm, a response or an address with them, or a compiled module. */
export type WasmSource = BytesSource | WebAssembly.Module;

/** The exports of kernels.wasm (wasm/abi.cc). Addresses and sizes are numbers of bytes or of values; address 0: none. */
interface WasmExports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  /** @returns 0 if memory is exhausted */
  allocate(bytes: number): number;
  release(address: number): void;
  recurrent(arguments_: number, results: number): number;
  recurrentGrad(arguments_: number, inputs: number, results: number): number;
  readoutLoss(arguments_: number): number;
  optimizer(
    kind: number,
    factors: number,
    variables: number,
    count: number,
    slots: number,
    newSlots: number,
    total: number,
  ): number;
}

/** Addresses are signed in the core. */
const MOST_BYTES = 2 ** 31 - 1;

/** An instance of kernels.wasm and its memory. */
export class WasmModule {
  readonly exports: WasmExports;
  private bytes: ArrayBufferLike | undefined;
  private floatView = new Float32Array(0);
  private wordView = new Int32Array(0);
  private staging = 0;
  private stagingBytes = 0;

  private constructor(exports: WasmExports) {
    this.exports = exports;
    exports._initialize();
  }

  /**
   * Compiles and starts the kernels.
   *
   * @throws MissingError if they cannot be fetched, or the engine has no WebAssembly SIMD; ConfigError for other bytes
   */
  static async load(source: WasmSource): Promise<WasmModule> {
    if (typeof WebAssembly === 'undefined') {
      throw new MissingError(
        'WebAssembly: expected an engine with WebAssembly, got one without; use another browser or runtime',
      );
    }
    const compiled = source instanceof WebAssembly.Module ? source : await compile(await bytesOf(source));
    const { exports } = await WebAssembly.instantiate(compiled);
    if (typeof exports['recurrent'] !== 'function') {
      throw new ConfigError(
        'WebAssembly kernels: expected the module kernels.wasm of @onda/kernels, got another one; pass its bytes or address',
      );
    }
    return new WasmModule(exports as unknown as WasmExports);
  }

  /** The memory as float32; valid until the next allocation. */
  get floats(): Float32Array {
    this.refresh();
    return this.floatView;
  }

  /** The memory as 32-bit words; valid until the next allocation. */
  get words(): Int32Array {
    this.refresh();
    return this.wordView;
  }

  /**
   * @param what names the data in the message: `lstm reserve`
   * @returns an address, to be given to `release`
   * @throws MissingError if the memory cannot grow so far
   */
  allocate(bytes: number, what: string): number {
    const address = bytes <= MOST_BYTES ? this.exports.allocate(bytes) >>> 0 : 0;
    if (address === 0) throw this.outOfMemory(what, bytes);
    return address;
  }

  release(address: number): void {
    this.exports.release(address);
  }

  /** Room for the arguments of one call; the next call of this function reuses it. */
  stage(bytes: number, what: string): number {
    if (bytes > this.stagingBytes) {
      if (this.staging !== 0) this.release(this.staging);
      this.staging = 0;
      this.stagingBytes = 0;
      this.staging = this.allocate(bytes, what);
      this.stagingBytes = bytes;
    }
    return this.staging;
  }

  /** The error of a call that returned no memory for its sums, or of an allocation of `bytes`. */
  outOfMemory(what: string, bytes?: number): MissingError {
    const size = (count: number): string => `${Math.ceil(count / 2 ** 20)} MiB`;
    const wanted = bytes === undefined ? 'memory for its sums' : `${size(bytes)} of memory`;
    return new MissingError(
      `${what}: expected ${wanted}, but WebAssembly has ${size(this.exports.memory.buffer.byteLength)} and cannot grow further; use a smaller batch or fewer samples per chunk`,
    );
  }

  /** Growing the memory detaches the views of it. */
  private refresh(): void {
    const { buffer } = this.exports.memory;
    if (this.bytes === buffer) return;
    this.bytes = buffer;
    this.floatView = new Float32Array(buffer);
    this.wordView = new Int32Array(buffer);
  }
}

async function compile(bytes: BufferSource): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MissingError(
      `WebAssembly kernels: expected bytes that this engine compiles, got an error (${reason}); use an engine with WebAssembly SIMD, and the bytes of kernels.wasm`,
      { cause: error },
    );
  }
}

async function bytesOf(source: BytesSource): Promise<BufferSource> {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    return source instanceof Response ? bytesOfResponse(source) : source;
  }
  let response: Response;
  try {
    response = await fetch(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MissingError(
      `WebAssembly kernels: expected kernels.wasm at ${String(source)}, but it cannot be fetched (${reason}); correct the address or pass the bytes`,
      { cause: error },
    );
  }
  return bytesOfResponse(response);
}

async function bytesOfResponse(response: Response): Promise<BufferSource> {
  if (response.ok) return response.arrayBuffer();
  throw new MissingError(
    `WebAssembly kernels: expected kernels.wasm at ${response.url}, got status ${response.status}; correct the address or pass the bytes`,
  );
}
