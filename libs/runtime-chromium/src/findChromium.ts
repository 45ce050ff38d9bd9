import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** The Chromium to use: ONDA_CHROMIUM, else the system's; null if there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  const asked = env['ONDA_CHROMIUM'];
  if (asked !== undefined && asked !== '') return asked;
  const folders = ['/usr/bin', ...(env['PATH'] ?? '').split(delimiter)];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
