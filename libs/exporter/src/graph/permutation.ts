import type { Node } from '@onda/onnx';

export function isTranspose({ op, domain }: Node): boolean {
  return op === 'Transpose' && domain === '';
}

export function permOf({ attributes: { perm } }: Node): readonly number[] {
  return perm.kind === 'ints' ? perm.value : [];
}

/** Whether a Transpose brings back what one by `perm` was given. */
export function undoes(node: Node, perm: readonly number[]): boolean {
  return isTranspose(node) && permOf(node).every((dim, index) => perm[dim] === index);
}

export function inverse(perm: readonly number[]): number[] {
  return perm.map((_, dim) => perm.indexOf(dim));
}
