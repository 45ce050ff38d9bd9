import { ModelError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { shapeText } from './shapeText.ts';
import type { Session, TensorInfo } from './session.ts';

/**
 * Holds a loaded model against its manifest: a file and a manifest that do not belong together must not answer.
 *
 * Named dims need not have equal names (runtimes rename or drop them); fixed dims must be equal.
 *
 * @param file what to call it in an error: `model.onnx`
 * @throws ModelError naming the tensor, what the manifest says and what the file says
 */
export function checkSession(
  session: Session,
  tensors: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] },
  file: string,
): void {
  checkSide(session.inputs, tensors.inputs, `${file}: input`);
  checkSide(session.outputs, tensors.outputs, `${file}: output`);
}

function checkSide(actual: readonly TensorInfo[], expected: readonly TensorSpec[], where: string): void {
  for (const spec of expected) {
    const info = actual.find((tensor) => tensor.name === spec.name);
    const got = info ? `${info.type} ${shapeText(info.shape)}` : 'none';
    if (info?.type !== spec.type || !sameShape(info.shape, spec.shape)) {
      throw new ModelError(
        `${where} "${spec.name}": the manifest says ${spec.type} ${shapeText(spec.shape)}, the file has ${got}; export the model again`,
      );
    }
  }
  const extra = actual.find((tensor) => !expected.some((spec) => spec.name === tensor.name));
  if (extra) {
    throw new ModelError(
      `${where} "${extra.name}": the file has it, the manifest does not; export the model again`,
    );
  }
}

function sameShape(actual: readonly (number | string)[], expected: readonly (number | string)[]): boolean {
  return (
    actual.length === expected.length &&
    expected.every((dim, axis) =>
      typeof dim === 'number' ? actual[axis] === dim : typeof actual[axis] === 'string',
    )
  );
}
