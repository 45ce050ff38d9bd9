import { ModelError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import type { PackedState } from './manifestParts.ts';
import { parseManifest } from './manifest.ts';

/** The manifest of an Onda net with its states in one row: tensors `x`, `state_in`, `y`, `state_out`. */
export interface NetManifest extends Manifest {
  net: NonNullable<Manifest['net']>;
  state: PackedState;
}

/** Whether the tensors are those of an Onda net: a model of other make has its own, as has one with separate states. */
export function isNetManifest(manifest: Manifest): manifest is NetManifest {
  return manifest.net !== null && manifest.state !== null && !('packing' in manifest.state);
}

/**
 * @param source what to call it in an error, usually its file name
 * @throws ModelError if the model is not an Onda net with packed states
 */
export function requireNetManifest(manifest: Manifest, source: string): NetManifest {
  if (isNetManifest(manifest)) return manifest;
  const got = manifest.net === null ? 'a layers model of other make' : 'one with separate states';
  throw new ModelError(
    `${source}: expected an Onda net with its states in one row, got ${got}; export a net that Onda trained, without --states separate`,
  );
}

/** `parseManifest` for who runs Onda nets alone. */
export function parseNetManifest(value: unknown, source: string): NetManifest {
  return requireNetManifest(parseManifest(value, source), source);
}
