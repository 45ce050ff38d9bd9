import { parseArgs } from 'node:util';
import { problemsOf } from '../misuse/measureMisuse.ts';
import { growthLine, MisusedService, misuseCases, tableHead } from '../misuse/misuseSuite.ts';
import { startService } from '../support/service.ts';
import { fuzz } from './fuzz.ts';
import { fuzzOptions, mostGrowth } from './fuzzService.ts';

// npm run fuzz -- [--requests N] [--seed N]
const [requests, seed] = numbers();
if (![requests, seed].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  process.stderr.write(
    'npm run fuzz: expected --requests N and --seed N, whole numbers from 0, and nothing else; correct them\n',
  );
  process.exit(2);
}
const problems = [...(await measureMisuse()), ...(requests === 0 ? [] : await sendRequests())];
process.stdout.write(`${problems.length} problems\n${[...new Set(problems)].slice(0, 20).join('\n')}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Each case of misuse at N and 10 N. @returns problems */
async function measureMisuse(): Promise<string[]> {
  const service = await MisusedService.start();
  const found: string[] = [];
  process.stdout.write(`${tableHead}\n`);
  for (const misuse of misuseCases) {
    for (const authenticated of [true, false]) {
      const growth = await service.measure(misuse, authenticated);
      process.stdout.write(`${growthLine(growth)}\n`);
      found.push(...problemsOf(growth));
    }
  }
  await service.stop();
  process.stdout.write('\n');
  return found;
}

/** Random malformed requests. @returns problems */
async function sendRequests(): Promise<string[]> {
  process.stdout.write(`${requests} requests, seed ${seed}\n`);
  const service = await startService(undefined, fuzzOptions);
  const since = performance.now();
  const report = await fuzz(service, requests, seed);
  const seconds = (performance.now() - since) / 1000;
  await service.stop();
  const { ends, memory } = report;
  for (const [end, count] of Object.entries(ends).sort())
    process.stdout.write(`  ${end.padEnd(10)} ${count}\n`);
  process.stdout.write(
    `${seconds.toFixed(0)} seconds; memory ${memory.early.toFixed(0)} MiB after a fifth, ${memory.late.toFixed(0)} MiB at the end\n`,
  );
  const grew = memory.late > memory.early + mostGrowth;
  return [...report.problems, ...(grew ? [`memory grew by more than ${mostGrowth} MiB`] : [])];
}

/** NaN for what cannot be read. */
function numbers(): number[] {
  try {
    const { values } = parseArgs({
      options: {
        requests: { type: 'string', default: '100000' },
        seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
      },
    });
    return [Number(values.requests), Number(values.seed)];
  } catch {
    return [NaN, NaN];
  }
}
