import { ResultError } from '@onda/contract';
import { openBackend, wantedByEnvironment } from '@onda/tfjs-native';
import { differenceHolds, differences, type Difference } from '../parity/difference.ts';
import { readReference } from '../parity/reference.ts';
import { replay } from '../parity/replay.ts';
import { textTable } from '../textTable.ts';

interface ParityResult extends Difference {
  reference: string;
  backend: string;
}

/** The backends to repeat runs on: the one that ONDA_BACKEND forces, else every one that is there. */
function backendsToTry(): ('tensorflow' | 'cpu')[] {
  const wanted = wantedByEnvironment(process.env.ONDA_BACKEND);
  return wanted === 'auto' ? ['tensorflow', 'cpu'] : [wanted];
}

/** Repeats reference runs on the backends and prints the largest differences; a ResultError names the worst place out of its limit. */
export async function parityCommand(files: readonly string[], options: { json: boolean }): Promise<void> {
  const references = files.map((file) => ({ file, reference: readReference(file) }));
  const results: ParityResult[] = [];
  const done = new Set<string>();
  for (const want of backendsToTry()) {
    // Not there: the line that says so was printed, and the JavaScript backend, opened instead, is next anyway.
    const backend = await openBackend({ want: want === 'tensorflow' ? undefined : want });
    if (done.has(backend.name)) continue;
    done.add(backend.name);
    const name = backend.kernels ? `${backend.name}, native kernels` : backend.name;
    for (const { file, reference } of references) {
      const ours = await replay(reference);
      results.push(
        ...differences(reference, ours).map((row) => ({ reference: file, backend: name, ...row })),
      );
    }
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify(results)}\n`);
  } else {
    process.stdout.write(`${textTable(resultTable(results))}\n`);
  }
  const bad = results
    .filter((row) => !differenceHolds(row))
    .sort((a, b) => b.worst / b.limit - a.worst / a.limit);
  if (bad.length > 0) {
    const [{ reference, backend, quantity, worst, place, limit }] = bad;
    throw new ResultError(
      `${reference} on ${backend}: ${quantity}: expected a difference of at most ${limit}, got ${worst.toExponential(2)} at ${place}${bad.length > 1 ? ` (and ${bad.length - 1} more rows out of their limits)` : ''}`,
    );
  }
}

function resultTable(results: readonly ParityResult[]): { head: string[]; rows: string[][] } {
  return {
    head: ['reference', 'backend', 'quantity', 'worst', 'limit', '', 'where'],
    rows: results.map((row) => [
      row.reference,
      row.backend,
      row.quantity,
      row.worst.toExponential(1),
      row.limit.toExponential(1),
      differenceHolds(row) ? 'ok' : 'DIFFERS',
      row.place,
    ]),
  };
}
