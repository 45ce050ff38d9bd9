import { ModelError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import type { ControlTensor } from '../modelSignature.ts';
import type { ConfigControlInput } from './tritonConfig.ts';

const kinds: Readonly<Record<string, ControlTensor['kind']>> = {
  CONTROL_SEQUENCE_START: 'start',
  CONTROL_SEQUENCE_READY: 'ready',
  CONTROL_SEQUENCE_END: 'end',
};

/**
 * A control input of sequence_batching: how the model hears where a sequence stands.
 *
 * @param tensor of the ONNX file
 * @throws ModelError for values of another type than the file's, and for the sequence's id, which is told to no model
 */
export function controlTensor(
  control: ConfigControlInput['control'][number],
  { name, type, shape }: TensorSpec,
  path: string,
): ControlTensor {
  const where = `${path}: control_input "${name}"`;
  const given = control.kind ?? 'CONTROL_SEQUENCE_START';
  if (!Object.hasOwn(kinds, given)) {
    throw new ModelError(
      `${where}: expected one of ${Object.keys(kinds).join(', ')}, got ${given}; the service tells a model nothing else, export it without`,
    );
  }
  const lists = {
    int32: control.int32_false_true,
    float32: control.fp32_false_true,
    bool: control.bool_false_true.map(Number),
  };
  const own = type === 'int32' || type === 'float32' || type === 'bool' ? type : undefined;
  const values = own === undefined ? [] : lists[own];
  if (own === undefined || values.length !== 2) {
    throw new ModelError(
      `${where}: expected two values of the ONNX file's type ${type}, for no and yes, got ${values.length}; correct the control`,
    );
  }
  return { input: name, kind: kinds[given], type: own, shape, values: [values[0], values[1]] };
}
