import { datatypes } from '@onda/protocol';
import type { ServedModel } from '@onda/serving';

/** What the document shows of a model that is served, so that who reads it has a request that works. */
export interface Example {
  name: string;
  version: string;
  /** Bodies, by the schema's name. */
  bodies: Readonly<Record<string, object>>;
}

/** Zeros, one of each dim that is not fixed. */
export function exampleOf({ name, version, signature, generator }: ServedModel): Example {
  const inputs = signature.inputs
    .filter(({ type }) => type === 'float32')
    .map(({ name: input, type, shape }) => {
      const dims = shape.map((dim) => (typeof dim === 'number' ? dim : 1));
      const count = dims.reduce((product, dim) => product * dim, 1);
      return {
        name: input,
        shape: dims,
        datatype: datatypes[type],
        data: Array.from({ length: count }, () => 0),
      };
    });
  const complete = inputs.length === signature.inputs.length;
  const features = generator?.form.features;
  const generate = generator && {
    prompt: Array.from({ length: generator.least }, () =>
      features === undefined ? 0 : Array.from({ length: features }, () => 0),
    ),
    samples: 3,
  };
  return {
    name,
    version,
    bodies: {
      ...(complete ? { InferRequest: { inputs } } : {}),
      ...(generate ? { GenerateRequest: generate } : {}),
    },
  };
}
