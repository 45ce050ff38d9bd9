import { ShapeError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { describeValue } from './jsonBody.ts';
import { ProtocolError } from './protocolError.ts';

/**
 * Checks the `shape` of an input against the model's, before anything of its size is allocated. Equal named dims and empty
 * dims are the runtime's to check: it does so for every caller.
 *
 * @param maxValues the most values that one tensor may have
 * @throws ShapeError, ProtocolError
 */
export function readShape(
  value: unknown,
  spec: TensorSpec,
  maxValues: number,
): { dims: readonly number[]; count: number } {
  if (!Array.isArray(value)) {
    throw new ShapeError(
      `input "${spec.name}": expected "shape" as a list such as ${listText(spec)}, got ${describeValue(value)}; add it`,
    );
  }
  if (value.length !== spec.shape.length) {
    throw new ShapeError(`${expectedShape(spec)}, got ${shapeOf(value)}; give it ${spec.shape.length} dims`);
  }
  const dims = value as readonly unknown[];
  let count = 1;
  for (let axis = 0; axis < dims.length; axis++) {
    const dim = dims[axis];
    const fixed = spec.shape[axis];
    if (!isDim(dim)) {
      throw new ShapeError(`${expectedShape(spec)}, got ${shapeOf(value)}; dims are whole numbers`);
    }
    if (typeof fixed === 'number' && dim !== fixed) {
      throw new ShapeError(
        `${expectedShape(spec)}, got ${shapeOf(value)}; its dim ${axis} is always ${fixed}`,
      );
    }
    // By division: a product could leave the whole numbers that a double holds.
    if (dim > 0 && count > maxValues / dim) {
      throw new ProtocolError(
        'too-large',
        `input "${spec.name}": expected at most ${maxValues} values, got shape ${shapeOf(value)}; send fewer rows or samples at a time`,
      );
    }
    count *= dim;
  }
  return { dims: dims as readonly number[], count };
}

/** Made only where it is told. */
function expectedShape(spec: TensorSpec): string {
  return `input "${spec.name}": expected shape ${listText(spec)}`;
}

function listText({ shape }: TensorSpec): string {
  return `[${shape.join(', ')}]`;
}

function isDim(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function shapeOf(value: readonly unknown[]): string {
  return value.length > 8 ? `${value.length} dims` : `[${value.map(describeValue).join(', ')}]`;
}
