import { ModelError } from '@onda/contract';
import type { TensorSpec, TensorType } from '@onda/contract';
import type { ControlTensor } from '../modelSignature.ts';
import { tensorTypeOf } from './configTypes.ts';
import type { ConfigControlInput } from './tritonConfig.ts';

type ConfigControl = ConfigControlInput['control'][number];

const kinds: Readonly<Record<string, ControlTensor['kind']>> = {
  CONTROL_SEQUENCE_START: 'start',
  CONTROL_SEQUENCE_READY: 'ready',
  CONTROL_SEQUENCE_END: 'end',
  CONTROL_SEQUENCE_CORRID: 'corrid',
};

/** Of a sequence's id. */
const idTypes: readonly TensorType[] = ['uint64', 'int64', 'uint32', 'int32', 'string'];

/**
 * A control input of sequence_batching: how the model hears where a sequence stands, and which one it is.
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
      `${where}: expected one of ${Object.keys(kinds).join(', ')}, got ${given}; the service tells a model nothing else, export it without`,
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
