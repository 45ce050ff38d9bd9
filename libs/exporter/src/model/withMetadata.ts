import type { Model } from '@onda/onnx';

/** The model with these entries in its metadata, beside those that it has; an equal key is replaced. */
export function withMetadata(model: Model, metadata: Readonly<Record<string, string>>): Model {
  return { ...model, metadata: { ...model.metadata, ...metadata } };
}
