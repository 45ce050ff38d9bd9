import path from 'node:path';
import { textTable } from '../textTable.ts';
import { parityTable } from './compare.ts';
import type { ExportResult } from './publishModel.ts';

/** Tells where an export went and how close it is. */
export function describeExport({ modelFolder, version, written, manifest }: ExportResult): string {
  const place = path.join(modelFolder, String(version));
  const head = written
    ? `exported to ${place}`
    : `${place} already holds these bytes; no new version was made`;
  const compared =
    manifest.parity.length > 0
      ? textTable(parityTable(manifest.parity))
      : 'not compared with TensorFlow.js (--no-verify)';
  return `${head}\n${compared}`;
}
