import type { ElementType } from '@onda/onnx';

/** A size, or the name of a size known at run time. */
export type Dim = number | string;

/** A tensor in the graph under construction. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  /** In the tensor's layout. */
  readonly shape: readonly Dim[];
  /**
   * Whether the layout is [time, batch, ...], as ONNX's recurrent nodes have it, instead of [batch, time, ...]. Layers that work in either layout
   * keep it, which avoids Transposes.
   */
  readonly timeMajor: boolean;
}
