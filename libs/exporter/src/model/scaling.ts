import type { Scaler } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import { floatTensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';

/** To scaled units: (value - center) / scale. Adds no nodes for kind none. */
export function emitScale(builder: GraphBuilder, value: Value, scaler: Scaler): Value {
  if (scaler.kind === 'none') return value;
  const { center, scale } = constants(builder, scaler);
  const centred = builder.single('scaler/center', 'Sub', [value, center], value);
  return builder.single('scaler/scale', 'Div', [centred, scale], value);
}

/** To data units: value * scale + center. `name` distinguishes the constants of another scaler than `emitScale`'s. */
export function emitUnscale(builder: GraphBuilder, value: Value, scaler: Scaler, name?: string): Value {
  if (scaler.kind === 'none') return value;
  const { center, scale } = constants(builder, scaler, name);
  const scaled = builder.single('scaler/unscale', 'Mul', [value, scale], value);
  return builder.single('scaler/uncenter', 'Add', [scaled, center], value);
}

function constants(
  builder: GraphBuilder,
  { center, scale }: Scaler,
  of = 'scaler',
): { center: string; scale: string } {
  const vector = (name: string, values: readonly number[]): string =>
    builder.shared(`${of}/${name}`, () =>
      floatTensor(`${of}/${name}`, [values.length], Float32Array.from(values)),
    );
  return { center: vector('center_values', center), scale: vector('scale_values', scale) };
}

/** @throws ConfigError for a scaler that does not fit the net */
export function checkScaler(scaler: Scaler, features: number, outputs: number): void {
  const lengths = [scaler.center.length, scaler.scale.length];
  if (lengths.some((length) => length !== features)) {
    throw new ConfigError(
      `scaler: expected center and scale of ${features} features, got ${lengths.join(' and ')}; give one of each for every feature`,
    );
  }
  if (scaler.kind !== 'none' && outputs !== features) {
    throw new ConfigError(
      `scaler: expected as many outputs as features to scale back, got ${outputs} outputs for ${features} features; use kind "none"`,
    );
  }
}
