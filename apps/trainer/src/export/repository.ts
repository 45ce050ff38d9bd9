import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { modelFiles, parseManifest, type Manifest } from '@onda/contract';
import type { Pieces } from '../pieces.ts';
import { holdsPieces } from '../pieces.ts';

/** The numeric version folders of a model, oldest first; none when the model is not there. */
export function modelVersions(modelFolder: string): number[] {
  if (!existsSync(modelFolder)) return [];
  return readdirSync(modelFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^[1-9][0-9]*$/.test(entry.name))
    .map((entry) => Number(entry.name))
    .sort((a, b) => a - b);
}

/** Whether a version folder holds exactly these bytes under these names. */
export function versionHolds(folder: string, files: Readonly<Record<string, Pieces>>): boolean {
  return Object.entries(files).every(([name, pieces]) => {
    const file = path.join(folder, name);
    return existsSync(file) && holdsPieces(file, pieces);
  });
}

export function readManifest(folder: string): Manifest {
  const file = path.join(folder, modelFiles.manifest);
  return parseManifest(JSON.parse(readFileSync(file, 'utf8')), file);
}
