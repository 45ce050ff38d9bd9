import type { Sampling } from '@onda/contract';
import type { GeneratorForm, GeneratorModel, Session } from '@onda/runtime';

/** generator.onnx of a model, whoever made it. */
export interface Generator {
  readonly session: Session;
  readonly model: GeneratorModel;
  readonly form: GeneratorForm;
  /** Samples that a prompt has at least. */
  readonly least: number;
  /** How many samples ahead an output is of its input. */
  readonly lag: number;
  /**
   * Whether a run that goes on where another ended gives the bits of one run over both. A lag of several samples does not: they are
   * computed together at the start of a run, one by one in it. Nor does a scaler: values go out scaled back, and are rounded by it. CUDA promises
   * nothing of the kind.
   */
  readonly goesOnExactly: boolean;
  /** How the model's outputs become values; null: they are the values; undefined: nobody says. */
  readonly sampling: Sampling | null | undefined;
}
