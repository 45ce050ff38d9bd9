import { UnsupportedError } from '../errors.ts';
import type { LayerCall } from './layerCall.ts';

/**
 * The axes that a layer's option `axis` names, from 0, in the order in which it lists them.
 *
 * @param fallback what no option means
 * @param one      whether there can be one alone
 * @throws UnsupportedError when one is the batch, is none of the input's, or is listed twice
 */
export function axesOf({ options, inputs: [x] }: LayerCall, fallback: number, one = false): number[] {
  const given = options.get('axis') ?? fallback;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  const rank = x.shape.length;
  const axes = list
    .map((axis) => (typeof axis === 'number' && axis < 0 ? axis + rank : axis))
    .filter((axis): axis is number => Number.isSafeInteger(axis) && Number(axis) > 0 && Number(axis) < rank);
  const whole = axes.length === list.length && new Set(axes).size === axes.length;
  if (whole && axes.length > 0 && (!one || axes.length === 1)) return axes;
  throw new UnsupportedError(
    `layer "${options.layer}": axis: expected ${one ? 'one axis' : 'axes'} after the batch, 1 to ${rank - 1}, got ${JSON.stringify(given)}; take -1, the last one`,
  );
}
