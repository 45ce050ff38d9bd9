import { MissingError } from '@onda/contract';
import { runProgram } from '../peers/runProgram.ts';

/** Programs that make load, and Debian's packages of them. */
const packages = { wrk: 'wrk', h2load: 'nghttp2-client' } as const;

/** @throws MissingError for one that is not there */
export async function checkLoadMakers(
  bench: string,
  programs: readonly (keyof typeof packages)[],
): Promise<void> {
  for (const program of programs) {
    const { code } = await runProgram(program, ['--version']);
    if (code !== 127) continue;
    throw new MissingError(
      `bench ${bench}: expected the load maker ${program} on the path, found none; install it (Debian: apt-get install ${packages[program]})`,
    );
  }
}
