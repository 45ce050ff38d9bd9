import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { configReference, outdatedReference } from './configReference.ts';
import { importCycles } from './importCycles.ts';
import { prose, proseFiles } from './prose.ts';
import { makeSbom } from './sbom.ts';
import { spelling } from './spelling.ts';
import { structure, structureTable } from './structure.ts';
import { readInputsWorkspace, uncoveredReads } from './targetInputs.ts';
import { docLinks, fileSizes, privateTexts } from './textChecks.ts';
import { packageOf, trackedFiles, workspaceRoot } from './workspace.ts';
import type { Problem } from './workspace.ts';

const help = `Checks of the workspace: checks COMMAND
  check                      import cycles, inputs of cached targets, file sizes, documentation links, private texts, configuration reference
  prose [PATH...] [--report] wording and spelling; --report: counts only, exit code 0
  structure [FOLDER]         size and shape of each package, as a Markdown table (default: this workspace)
  reference                  writes docs/configuration.md and the JSON Schemas from the configuration schemas
  sbom [FILE]                a CycloneDX document of the packages that Onda runs on (default: sbom.cdx.json)`;

const callerFolder = process.env.INIT_CWD ?? process.cwd();
process.chdir(workspaceRoot);

/** Prints the findings of each check. */
async function runCheck(): Promise<boolean> {
  const files = trackedFiles(workspaceRoot);
  const checks: Record<string, () => Problem[] | Promise<Problem[]>> = {
    'import cycles': () => importCycles(['apps', 'libs', 'tools']),
    'inputs of cached targets': async () => uncoveredReads(await readInputsWorkspace(workspaceRoot, files)),
    'file sizes': () => fileSizes(workspaceRoot, files),
    'documentation links': () => docLinks(workspaceRoot, files),
    'private texts': () => privateTexts(workspaceRoot, files),
    'configuration reference': () => outdatedReference(workspaceRoot),
  };
  let passed = true;
  for (const [name, check] of Object.entries(checks)) {
    const problems = await check();
    console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
    for (const { place, text } of problems) console.log(`     ${place}: ${text}`);
    passed &&= problems.length === 0;
  }
  return passed;
}

/** Prints each finding, then the number of findings per package. */
async function runProse(paths: readonly string[], report: boolean): Promise<boolean> {
  const files = proseFiles(trackedFiles(workspaceRoot)).filter((file) =>
    paths.length === 0 ? true : paths.some((name) => file === name || file.startsWith(`${name}/`)),
  );
  const problems = [...prose(workspaceRoot, files), ...(await spelling(workspaceRoot, files))];
  if (!report) for (const { place, text } of problems) console.log(`${place}: ${text}`);
  const counts = new Map<string, number>();
  for (const { place } of problems) counts.set(packageOf(place), (counts.get(packageOf(place)) ?? 0) + 1);
  for (const [name, count] of [...counts].sort()) console.log(`${name.padEnd(24)} ${count}`);
  console.log(`${problems.length} findings in ${files.length} files`);
  return report || problems.length === 0;
}

function runStructure(folder: string): boolean {
  console.log(structureTable(structure(folder)));
  return true;
}

function runReference(): boolean {
  for (const [file, text] of Object.entries(configReference())) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(file);
  }
  return true;
}

function runSbom(file: string): boolean {
  const sbom = makeSbom(workspaceRoot);
  writeFileSync(`${file}.new`, `${JSON.stringify(sbom, null, 2)}\n`);
  renameSync(`${file}.new`, file);
  console.log(`${file}: ${sbom.components.length} packages (CycloneDX ${sbom.specVersion})`);
  return true;
}

/** A path of the command line, relative to the workspace: from the workspace, or from the caller's folder where it exists there. */
function workspacePath(given: string): string {
  const fromCaller = path.relative(workspaceRoot, path.resolve(callerFolder, given));
  return (fromCaller.startsWith('..') ? given : fromCaller).split(path.sep).join('/').replace(/\/$/, '');
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { report: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
const [command = 'check', ...args] = positionals;
const commands: Record<string, () => boolean | Promise<boolean>> = {
  check: runCheck,
  prose: () => runProse(args.map(workspacePath), values.report),
  structure: () => runStructure(path.resolve(callerFolder, args[0] ?? workspaceRoot)),
  reference: runReference,
  sbom: () => runSbom(path.resolve(callerFolder, args[0] ?? 'sbom.cdx.json')),
};
if (values.help || !(command in commands)) {
  console.log(help);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.exitCode = (await commands[command]()) ? 0 : 1;
}
