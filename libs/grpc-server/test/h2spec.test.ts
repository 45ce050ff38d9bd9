import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findGoTool } from '../src/testing/goTool.ts';
import { EchoServer } from './support/echoServer.ts';

const tool = await findGoTool({
  name: 'h2spec',
  module: 'github.com/summerwind/h2spec/cmd/h2spec',
  version: 'v2.2.1+incompatible',
});
if ('missing' in tool) console.warn(`h2spec is skipped: ${tool.missing}`);

/** Cases that fail or that h2spec skips, with the reason: at present none. */
const expectedFailures: Readonly<Record<string, string>> = {};

describe.skipIf('missing' in tool)('h2spec, strict', () => {
  // Responses take some time, so that the limit of concurrent streams is reached, and are not empty, which several cases need.
  const server = new EchoServer({}, { delayMs: 50, emptyBody: 'response' });
  beforeAll(() => server.listen());
  afterAll(() => server.close());

  it('finds only the listed failures', async () => {
    expect(await failuresOf(server.port)).toEqual(Object.keys(expectedFailures).sort());
    expect(server.defects).toEqual([]);
  }, 180_000);
});

/** The cases of a run that did not pass, as `section: description`, sorted. */
async function failuresOf(port: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'h2spec-'));
  const report = join(folder, 'report.xml');
  const args = ['--strict', '--host', '127.0.0.1', '--port', String(port), '--junit-report', report];
  try {
    await new Promise<void>((resolve) => {
      // It exits with 1 if a case fails; the report says which.
      execFile((tool as { path: string }).path, args, () => {
        resolve();
      });
    });
    const cases = [...(await readFile(report, 'utf8')).matchAll(testCase)];
    expect(cases).toHaveLength(CASES);
    return cases
      .filter(({ groups }) => groups?.['outcome'] !== undefined)
      .map(([, section, title]) => `${section}: ${title}`)
      .sort();
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Cases of h2spec in strict mode. */
const CASES = 146;

const testCase =
  /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>(?:<\/testcase>|\s*<(?<outcome>failure|error|skipped))/g;
