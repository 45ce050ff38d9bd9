import { DataError, OndaError } from '@onda/contract';
import type { ExportedFile, GivenFile } from '../models/exportFiles.ts';
import { find } from './find.ts';

/** The card that turns a TensorFlow.js model into an ONNX file, in the page alone. */
export function createExportSection(): void {
  const form = find('export-form', HTMLFormElement);
  const input = find('export-files', HTMLInputElement);
  const stateful = find('export-stateful', HTMLInputElement);
  let last: readonly GivenFile[] = [];

  async function take(): Promise<void> {
    if (last.length === 0) return;
    try {
      // Fetched on first use: most visitors do not export.
      const { exportFiles } = await import('../models/exportFiles.ts');
      show(exportFiles(last, stateful.checked));
    } catch (error) {
      if (error instanceof OndaError) {
        hide(error.message);
        return;
      }
      const reason = error instanceof Error ? error.message : String(error);
      hide(`export: unexpected failure, ${reason}; load the page again, and report it with the model`);
      throw error;
    }
  }

  async function choose(files: Iterable<File>): Promise<void> {
    last = [];
    try {
      last = await Promise.all(Array.from(files, readGiven));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      hide(error.message);
    }
    await take();
  }

  input.addEventListener('change', () => {
    void choose(input.files ?? []).then(() => {
      input.value = '';
    });
  });
  stateful.addEventListener('change', () => void take());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
  });
  form.addEventListener('dragover', (event) => {
    event.preventDefault();
  });
  form.addEventListener('drop', (event) => {
    event.preventDefault();
    void choose(event.dataTransfer?.files ?? []);
  });
}

/** @throws DataError for anything but a file, such as a folder that was dropped */
async function readGiven(file: File): Promise<GivenFile> {
  try {
    return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch (error) {
    throw new DataError(
      `${file.name}: cannot be read as a file; choose model.json and its weight files, not their folder`,
      { cause: error },
    );
  }
}

let address: string | null = null;

function show({ bytes, warnings, summary, milliseconds }: ExportedFile): void {
  hide('');
  address = URL.createObjectURL(new Blob([Uint8Array.from(bytes)], { type: 'application/octet-stream' }));
  const link = find('export-download', HTMLAnchorElement);
  link.href = address;
  link.textContent = `Download model.onnx (${sizeText(bytes.length)})`;
  find('export-line', HTMLElement).textContent = `Exported in ${Math.max(1, Math.round(milliseconds))} ms.`;
  find('export-warnings', HTMLElement).replaceChildren(
    ...warnings.map((warning) => {
      const item = document.createElement('li');
      item.textContent = warning;
      return item;
    }),
  );
  find('export-summary', HTMLElement).textContent = summary;
  find('export-result', HTMLElement).hidden = false;
}

/** Removes the last result; a sentence gives the reason, if there is one. */
function hide(problem: string): void {
  if (address !== null) URL.revokeObjectURL(address);
  address = null;
  find('export-result', HTMLElement).hidden = true;
  find('export-problem', HTMLElement).textContent = problem;
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
