// @ts-check
// Runs in the browser, served unchanged. Node calls the functions of `globalThis.onda`.
// @ts-expect-error the server serves onnxruntime-web's module beside this file
import * as ort from './ort.wasm.min.mjs';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** @type {Record<string, any>} array class of each type */
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  // ONNX Runtime requires the browser's Float16Array if it has one.
  float16: /** @type {any} */ (globalThis).Float16Array ?? Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** @type {Map<number, any>} sessions by their number */
const sessions = new Map();
let count = 0;

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** @param {{ buffer: ArrayBufferLike, byteOffset: number, byteLength: number }} view */
function textOf({ buffer, byteOffset, byteLength }) {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = '';
  // In pieces, because the number of arguments of a call is limited.
  for (let start = 0; start < bytes.length; start += 32768)
    text += String.fromCharCode(...bytes.subarray(start, start + 32768));
  return btoa(text);
}

/** @param {any[]} values */
function infos(values) {
  return values.map(({ isTensor, name, type, shape }) =>
    isTensor ? { name, type, shape } : { name, type: 'not a tensor', shape: [] },
  );
}

/** Returns errors as values, so that Node gets their messages unchanged. @param {() => Promise<any>} work */
async function guarded(work) {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

Object.assign(globalThis, {
  onda: {
    version: ort.env.versions.web,
    /** @param {string} address */
    load: (address) =>
      guarded(async () => {
        const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
        const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
        sessions.set(++count, session);
        return { id: count, inputs: infos(session.inputMetadata), outputs: infos(session.outputMetadata) };
      }),
    /** @param {{ id: number, feeds: Record<string, { type: string, dims: number[], values: string | string[] }>, fetches: string[] }} call */
    run: ({ id, feeds, fetches }) =>
      guarded(async () => {
        const tensors = Object.entries(feeds).map(([name, { type, dims, values }]) => {
          const data = typeof values === 'string' ? new arrays[type](bytesOf(values).buffer) : values;
          return [name, new ort.Tensor(type, data, dims)];
        });
        const results = await sessions.get(id).run(Object.fromEntries(tensors), fetches);
        return fetches.map((name) => {
          const { type, dims, data } = results[name];
          return { name, type, dims: [...dims], values: Array.isArray(data) ? data : textOf(data) };
        });
      }),
    /** @param {number} id */
    release: (id) =>
      guarded(async () => {
        await sessions.get(id).release();
        sessions.delete(id);
      }),
  },
});
