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
  /** How the model's outputs become values; null: they are the values; undefined: nobody says. */
  readonly sampling: Sampling | null | undefined;
}
