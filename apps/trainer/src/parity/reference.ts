import { cellKinds, DataError } from '@onda/contract';
import { z } from 'zod';
import { readInput } from '../files.ts';

const weights = z.record(z.string(), z.union([z.array(z.number()), z.array(z.array(z.number()))]));

/** One run of PyTorch on the lagged sine job: the format of examples/reference/README.md. */
const referenceSchema = z.object({
  cell: z.enum(cellKinds),
  layers: z.int().min(1),
  hidden: z.int().min(1),
  num: z.int().min(1),
  steps: z.int().min(1),
  initial: weights,
  final: weights,
  losses: z.array(z.number()).min(1),
  predictions: z.record(z.string().regex(/^\d+$/), z.array(z.number())),
  closed_loop_first_input: z.number(),
  closed_loop: z.array(z.number()).min(1),
});

export type Reference = z.infer<typeof referenceSchema>;

/** Reads a reference run; DataError when it is not there or not of the format. */
export function readReference(file: string): Reference {
  const text = readInput(file, 'reference').toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(
      `reference ${file}: not JSON: ${(error as Error).message}; give a file of the format of examples/reference`,
      { cause: error },
    );
  }
  const result = referenceSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new DataError(
      `reference ${file}: ${issue.path.join('.') || 'the document'}: ${issue.message}; give a file of the format of examples/reference`,
    );
  }
  if (result.data.losses.length !== result.data.steps) {
    throw new DataError(
      `reference ${file}: losses: expected ${result.data.steps} values (steps), got ${result.data.losses.length}; the file is not whole`,
    );
  }
  return result.data;
}
