import type { ElementType } from '@onda/onnx';

/** A size, or the name of one that is known at run time only. */
export type Dim = number | string;

/** A tensor in the graph that is being built. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  /** In the order in which the tensor lies. */
  readonly shape: readonly Dim[];
  /**
   * Whether the tensor lies as [time, batch, ...], the layout of ONNX's recurrent nodes, and not as [batch, time, ...]. Values stay
   * so between layers that do not mind, and no Transpose undoes another.
   */
  readonly timeMajor: boolean;
}
