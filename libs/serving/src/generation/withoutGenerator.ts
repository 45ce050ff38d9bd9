import { ProtocolError } from '@onda/protocol';
import type { ServedModel } from '../servedModel.ts';

export function withoutGenerator({ name }: Pick<ServedModel, 'name'>): ProtocolError {
  return new ProtocolError(
    'malformed',
    `model "${name}" has no generator: its outputs are not its inputs, or it was exported without one; use infer`,
  );
}
