import { backendChoice } from './commandLine.mjs';
import type { Context, Row } from './context.mjs';
import { SetupError } from './context.mjs';
import { ensureCuda } from './cuda.ts';
import { ensurePython, pythonEnvironments } from './python.ts';
import type { MissingDetails, SetupRecord } from './setupRecord.ts';
import { readSetupRecord, updateSetupRecord } from './setupRecord.ts';
import { ensureTensorflow } from './tensorflow.ts';
import { ensureTestProgram, testPrograms } from './testPrograms.ts';

export interface SetupOptions {
  /** False for a command that does not train; default true. */
  tensorflow?: boolean;
  /** Also the programs that only the tests use. */
  tests?: boolean;
  /** Also the CUDA provider of ONNX Runtime. */
  cuda?: boolean;
  /** Repeat a download that failed in the last minutes. */
  retry?: boolean;
}

export interface SetupResult {
  rows: Row[];
  record: SetupRecord;
  /** Sentences about missing parts that the last run did not report. */
  notices: string[];
}

/**
 * Installs what is missing and records where it is.
 *
 * @param packages the row of the npm packages
 * @throws SetupError where ONDA_BACKEND requires a backend that is not available
 */
export async function setUp(context: Context, packages: Row, options: SetupOptions): Promise<SetupResult> {
  const choice = backendChoice(context.env);
  const tensorflow = options.tensorflow ?? true;
  const rows = [packages];
  const before = readSetupRecord(context.root);
  let changes: Partial<SetupRecord> = {};

  if (tensorflow && choice === 'wasm') {
    rows.push({ part: 'TensorFlow', state: 'skipped', detail: 'ONDA_BACKEND is wasm', seconds: 0 });
  } else if (tensorflow) {
    const result = await ensureTensorflow(context, { retry: options.retry === true });
    rows.push(...result.rows);
    changes = result.changes;
  }
  if (options.tests) {
    for (const program of testPrograms) {
      const { row, path } = await ensureTestProgram(context, program);
      rows.push(row);
      changes[program.field] = path;
    }
    for (const environment of pythonEnvironments) {
      const { row, python } = await ensurePython(context, environment);
      rows.push(row);
      changes[environment.field] = python;
    }
  }
  if (options.cuda) rows.push(...(await ensureCuda(context)));

  const record = updateSetupRecord(context.root, changes);
  if (tensorflow && choice === 'tensorflow' && record.backend !== 'tensorflow') {
    const row = rows.find(({ part, state }) => part === 'TensorFlow' && state === 'missing');
    throw new SetupError(
      `ONDA_BACKEND is tensorflow, but ${row?.detail ?? 'TensorFlow is not installed'}; remedy: ${row?.remedy ?? 'npm run setup'}, then run the command again, or unset ONDA_BACKEND.`,
    );
  }
  const reported = missingNotices(before);
  return { rows, record, notices: missingNotices(record).filter((notice) => !reported.includes(notice)) };
}

function missingNotices({ missing, kernelsMissing }: SetupRecord): string[] {
  return [
    ...(missing ? [missingNotice('TensorFlow is', missing)] : []),
    ...(kernelsMissing ? [missingNotice('The native kernels are', kernelsMissing)] : []),
  ];
}

/** One line about a missing part; `subject` such as `TensorFlow is`. */
export function missingNotice(subject: string, { what, cost, remedy }: MissingDetails): string {
  return `${subject} not used: ${what}. ${cost} Remedy: ${remedy}; then npm run setup.`;
}

const columns = [
  { title: 'part', right: false, text: (row: Row) => row.part },
  { title: 'state', right: false, text: (row: Row) => row.state },
  { title: 'MB download', right: true, text: (row: Row) => row.downloadedMegabytes?.toString() ?? '' },
  { title: 'MB on disk', right: true, text: (row: Row) => row.megabytes?.toString() ?? '' },
  { title: 'seconds', right: true, text: (row: Row) => row.seconds.toFixed(1) },
  { title: 'details', right: false, text: (row: Row) => row.detail },
];

/** The rows as a table, followed by the consequence and the remedy of each missing part. */
export function setupTable(rows: readonly Row[]): string {
  const cells = columns.map(({ title, right, text }) => {
    const texts = [title, ...rows.map(text)];
    const width = Math.max(...texts.map(({ length }) => length));
    return texts.map((cell) => (right ? cell.padStart(width) : cell.padEnd(width)));
  });
  const lines = ['', ...rows].map((_row, index) =>
    cells
      .map((column) => column[index])
      .join('  ')
      .trimEnd(),
  );
  const missing = rows.filter((row) => row.state === 'missing');
  return [
    ...lines,
    ...missing.map(
      ({ part, detail, cost = '', remedy = 'none' }) =>
        `\n${part}: ${detail}.\n  ${cost}\n  Remedy: ${remedy}; then: ${commandFor(part)}`,
    ),
  ].join('\n');
}

/** The command that installs a part. */
function commandFor(part: string): string {
  if (part.startsWith('CUDA')) return 'npm run setup -- --cuda';
  return part === 'TensorFlow' || part === 'native kernels' ? 'npm run setup' : 'npm run setup -- --tests';
}
