import { z } from 'zod';

/** A layer or model in a topology as TensorFlow.js writes it: keys in its Python style. */
export interface TopologyEntry {
  class_name: string;
  config: Record<string, unknown>;
}

const entrySchema = z.looseObject({ class_name: z.string(), config: z.record(z.string(), z.unknown()) });

/** The value as an entry of a topology; undefined when it is none. */
export function maybeEntry(value: unknown): TopologyEntry | undefined {
  const result = entrySchema.safeParse(value);
  return result.success ? result.data : undefined;
}

/** The layers of a model's entry; none of a layer's. */
export function layersOf({ config }: TopologyEntry): TopologyEntry[] {
  const layers: unknown = config.layers;
  return Array.isArray(layers) ? layers.flatMap((layer) => maybeEntry(layer) ?? []) : [];
}

/** TensorFlow.js's own form of a key or name that it writes in Python's: `hard_sigmoid` is `hardSigmoid`. */
export function camelCase(text: string): string {
  return text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
