import { ModelError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import type { ControlTensor } from '../modelSignature.ts';
import type { ConfigControlInput } from './tritonConfig.ts';

const kinds = {
  CONTROL_SEQUENCE_START: 'start',
  CONTROL_SEQUENCE_READY: 'ready',
  CONTROL_SEQUENCE_END: 'end',
  CONTROL_SEQUENCE_CORRID: 'id',
} as const satisfies Record<string, ControlTensor['kind']>;

/**
 * A control input of sequence_batching: how the model hears where a sequence stands.
 *
 * @param tensor of the ONNX file
 * @throws ModelError for values of another type than the file's
 */
export function controlTensor(
  control: ConfigControlInput['control'][number],
  { name, type, shape }: TensorSpec,
  path: string,
): ControlTensor {
  const kind = kinds[(control.kind ?? 'CONTROL_SEQUENCE_START') as keyof typeof kinds];
  if (kind === 'id') {
    if (['int64', 'uint64', 'int32', 'uint32'].includes(type)) return { input: name, kind, type, shape, values: [0, 1] };
    throw new ModelError(
      `${path}: control_input "${name}": expected an integer type for CONTROL_SEQUENCE_CORRID, got ${type}; export the model with one`,
    );
  }
  const lists = {
    int32: control.int32_false_true,
    float32: control.fp32_false_true,
    bool: control.bool_false_true.map(Number),
  };
  const values = Object.hasOwn(lists, type) ? lists[type as keyof typeof lists] : [];
  if (values.length !== 2) {
    throw new ModelError(
      `${path}: control_input "${name}": expected two values of the ONNX file's type ${type}, for no and yes, got ${values.length}; correct the control`,
    );
  }
  return { input: name, kind, type, shape, values: [values[0], values[1]] };
}
