import { elementsOf, ModelError, tritonTypes, typedArrays } from '@onda/contract';
import type { TensorSpec, TensorType } from '@onda/contract';
import { listText, shapeText } from '@onda/runtime';
import { hasRows, widthOf } from './modelSignature.ts';
import type { ControlTensor, ModelSignature, StateTensor } from './modelSignature.ts';
import { dataFolders, tensorTypeOf } from './tritonConfig.ts';
import type {
  ConfigControlInput,
  ConfigState,
  ConfigTensor,
  DataFiles,
  TritonConfig,
} from './tritonConfig.ts';

/** The tensors of an ONNX file. */
export interface FileTensors {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * The signature of a model from its config.pbtxt, checked against the ONNX file. What the configuration leaves out is completed from
 * the file as in Triton: all its tensors, with rows if all of them have a symbolic first dim.
 *
 * @param path    of config.pbtxt, for errors
 * @param maxRows rows of a request where the configuration does not limit them
 * @param data    the files that the configuration names
 * @throws ModelError where the two contradict each other
 */
export function configSignature(
  config: TritonConfig | null,
  file: FileTensors,
  path: string,
  maxRows: number,
  data: DataFiles = new Map(),
): ModelSignature {
  const says: TritonConfig = config ?? {
    input: [],
    output: [],
    model_warmup: [],
    instance_group: [],
    parameters: {},
  };
  const all = [...file.inputs, ...file.outputs];
  const described = says.input.length > 0 || says.output.length > 0;
  const completed = described || !all.every(hasRows) ? 0 : maxRows;
  const rows = says.max_batch_size ?? completed;
  if (rows > 0) checkRows(all, rows, path);
  else if (rows < 0) {
    throw new ModelError(
      `${path}: max_batch_size: expected 0 or more, got ${rows}; 0 is for a model without rows`,
    );
  }
  const { state = [], control_input = [] } = says.sequence_batching ?? {};
  const check = new Check(file, path, rows > 0, data);
  const states = state.map((given) => check.state(given));
  const controls = control_input.flatMap((given) => {
    const name = given.name ?? '';
    return given.control.map((control): ControlTensor => {
      return controlTensor(control, check.find(file.inputs, name, 'control_input'), path);
    });
  });
  const kept = [...states, ...controls].map(({ input }) => input);
  const open = file.inputs.filter(({ name }) => !controls.some(({ input }) => input === name));
  const inputs = check.side(open, says.input, 'input');
  const outputs = check.side(file.outputs, says.output, 'output');
  if (says.input.length > 0) check.allAreGiven(says.input, kept);
  const given = says.output.map(({ name }) => name);
  const shown = outputs.filter(
    ({ name }) => given.length === 0 || given.includes(name) || states.some(({ output }) => output === name),
  );
  return {
    inputs,
    outputs: shown,
    states,
    controls,
    maxRows: rows,
    width: widthOf([...inputs, ...outputs]),
    allowsNonFinite: true,
  };
}

function checkRows(tensors: readonly TensorSpec[], rows: number, path: string): void {
  const fixed = tensors.find((tensor) => !hasRows(tensor));
  if (fixed === undefined) return;
  throw new ModelError(
    `${path}: max_batch_size ${rows}: expected a first dim that is not fixed in every tensor of the ONNX file, got "${fixed.name}" ${shapeText(fixed.shape)}; set max_batch_size to 0 and give the dims in full, or export the model with a batch`,
  );
}

/** Checks one model's configuration against its file. */
class Check {
  readonly #file: FileTensors;
  readonly #path: string;
  readonly #rows: boolean;
  readonly #data: DataFiles;

  constructor(file: FileTensors, path: string, rows: boolean, data: DataFiles) {
    this.#data = data;
    this.#file = file;
    this.#path = path;
    this.#rows = rows;
  }

  find(tensors: readonly TensorSpec[], name: string, where: string): TensorSpec {
    const found = tensors.find((tensor) => tensor.name === name);
    if (found) return found;
    throw new ModelError(
      `${this.#path}: ${where} "${name}": the ONNX file has no such tensor; it has ${listText(tensors.map((tensor) => tensor.name))}`,
    );
  }

  /** The file's tensors, with the dims of the configuration where it has some. */
  side(tensors: readonly TensorSpec[], given: readonly ConfigTensor[], where: string): TensorSpec[] {
    for (const { name = '' } of given) this.find(tensors, name, where);
    return tensors.map((tensor) => {
      const said = given.find(({ name }) => name === tensor.name);
      if (said === undefined) return tensor;
      return this.#agreed(tensor, said.data_type, said.dims, where);
    });
  }

  state({ input_name = '', output_name = '', data_type, dims, initial_state }: ConfigState): StateTensor {
    const before = this.find(this.#file.inputs, input_name, 'state');
    const after = this.find(this.#file.outputs, output_name, 'state');
    const { type, shape } = this.#agreed(before, data_type, dims, 'state');
    this.#agreed(after, data_type, dims, 'state');
    const own = this.#rows ? shape.slice(1) : shape;
    if (!this.#rows || own.some((dim) => typeof dim !== 'number')) {
      throw new ModelError(
        `${this.#path}: state "${input_name}": expected rows and fixed dims behind them, got ${shapeText(shape)}; set max_batch_size and fix the dims, so that each sequence has its row`,
      );
    }
    const fixed = own as number[];
    const state = { input: input_name, output: output_name, type, dims: fixed, size: elementsOf(fixed) };
    const start = startOf(state, initial_state, this.#data, this.#path);
    return start === undefined ? state : { ...state, start };
  }

  /** As in Triton, the configuration must name every input. */
  allAreGiven(given: readonly ConfigTensor[], kept: readonly string[]): void {
    const missing = this.#file.inputs.find(
      ({ name }) => !kept.includes(name) && !given.some((tensor) => tensor.name === name),
    );
    if (missing === undefined) return;
    throw new ModelError(
      `${this.#path}: expected every input of the ONNX file among input, state and control_input, got none named "${missing.name}"; add it`,
    );
  }

  #agreed(
    tensor: TensorSpec,
    dataType: string | undefined,
    dims: readonly number[],
    where: string,
  ): TensorSpec {
    const { name, type, shape } = tensor;
    const place = `${this.#path}: ${where} "${name}"`;
    if (tensorTypeOf(dataType) !== type) {
      throw new ModelError(
        `${place}: expected data_type ${tritonTypes[type]} as the ONNX file has it, got ${dataType ?? 'none'}; correct it`,
      );
    }
    const full = this.#rows ? [-1, ...dims] : dims;
    const agrees =
      full.length === shape.length &&
      full.every((dim, axis) => typeof shape[axis] === 'string' || dim === shape[axis]);
    if (!agrees) {
      const own = this.#rows ? shape.slice(1) : shape;
      throw new ModelError(
        `${place}: expected dims ${shapeText(own)}${this.#rows ? ' behind the batch' : ''} as the ONNX file has them, got ${shapeText(dims)}; correct them`,
      );
    }
    return { name, type, shape: shape.map((dim, axis) => (full[axis] < 0 ? dim : full[axis])) };
  }
}

type ConfigControl = ConfigControlInput['control'][number];

const kinds: Readonly<Record<string, ControlTensor['kind']>> = {
  CONTROL_SEQUENCE_START: 'start',
  CONTROL_SEQUENCE_READY: 'ready',
  CONTROL_SEQUENCE_END: 'end',
  CONTROL_SEQUENCE_CORRID: 'corrid',
};

/** Types of a sequence's id. */
const idTypes: readonly TensorType[] = ['uint64', 'int64', 'uint32', 'int32', 'string'];

/**
 * A control input of sequence_batching: the start, the end and the id of a row's sequence.
 *
 * @param tensor of the ONNX file
 * @throws ModelError for values of another type than the file's
 */
export function controlTensor(control: ConfigControl, tensor: TensorSpec, path: string): ControlTensor {
  const { name, type, shape } = tensor;
  const where = `${path}: control_input "${name}"`;
  const given = control.kind ?? 'CONTROL_SEQUENCE_START';
  if (!Object.hasOwn(kinds, given)) {
    throw new ModelError(
      `${where}: expected one of ${Object.keys(kinds).join(', ')}, got ${given}; export the model without this control`,
    );
  }
  const values =
    given === 'CONTROL_SEQUENCE_CORRID' ? idValues(control, type, where) : saysValues(control, type, where);
  return { input: name, kind: kinds[given], type, shape, values };
}

function saysValues(control: ConfigControl, type: TensorType, where: string): [number, number] {
  const lists: Partial<Record<TensorType, readonly number[]>> = {
    int32: control.int32_false_true,
    float32: control.fp32_false_true,
    bool: control.bool_false_true.map(Number),
  };
  const values = lists[type] ?? [];
  if (values.length !== 2) {
    throw new ModelError(
      `${where}: expected two values of the ONNX file's type ${type}, for no and yes, got ${values.length}; correct the control`,
    );
  }
  return [values[0], values[1]];
}

function idValues(control: ConfigControl, type: TensorType, where: string): [number, number] {
  if (tensorTypeOf(control.data_type) !== type || !idTypes.includes(type)) {
    throw new ModelError(
      `${where}: expected data_type as the ONNX file has it, ${idTypes.join(', ')}, got ${control.data_type ?? 'none'} for ${type}; correct the control`,
    );
  }
  return [0, 0];
}

/**
 * The initial value of a state from a file in the folder `initial_state`: raw values of one sequence, little-endian.
 *
 * @returns words of 32 bits; undefined: zeros
 * @throws ModelError for a file of another size, or another type or dims than the state's
 */
export function startOf(
  { input, type, dims, size }: Pick<StateTensor, 'input' | 'type' | 'dims' | 'size'>,
  given: ConfigState['initial_state'],
  data: DataFiles,
  path: string,
): Int32Array | undefined {
  const initial = given.at(0);
  if (initial?.data_file === undefined || initial.data_file === '') return undefined;
  const where = `${path}: state "${input}": initial_state`;
  const sameDims =
    initial.dims.length === dims.length && initial.dims.every((dim, axis) => dim === dims[axis]);
  if (tensorTypeOf(initial.data_type) !== type || !sameDims || type === 'string') {
    throw new ModelError(
      `${where}: expected the state's own type and dims [${dims.join(', ')}], got ${initial.data_type ?? 'none'} [${initial.dims.join(', ')}]; correct them`,
    );
  }
  const bytes = data.get(`${dataFolders.states}/${initial.data_file}`)?.bytes;
  const expected = size * typedArrays[type].BYTES_PER_ELEMENT;
  if (bytes?.byteLength !== expected) {
    throw new ModelError(
      `${where}: expected ${expected} bytes in "${initial.data_file}", got ${bytes?.byteLength ?? 0}; write the values of one sequence, nothing else`,
    );
  }
  return new Int32Array(Uint8Array.from(bytes).buffer);
}
