import type { TensorArrays, TensorType } from '@onda/contract';
import { typedArrays } from '@onda/contract';

/** Types of a tensor's elements in a file: all that tensors have but text. */
export type ElementType = Exclude<TensorType, 'string'>;

/** The array that holds a tensor's elements, by element type. float16 is kept as its bits; a bool is 0 or 1. */
export type ElementArrays = Pick<TensorArrays, ElementType>;

/** Constructors of the element arrays. */
export const elementArrays = typedArrays;
