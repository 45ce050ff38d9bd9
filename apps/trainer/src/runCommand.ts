import { OndaError } from '@onda/contract';

/**
 * Runs a command's work and sets the process's exit code: 0 done, 1 it ran and the result is bad, 2 the call or its input is wrong.
 *
 * A reason that we understand is printed alone; anything else is a defect of ours and keeps its stack trace.
 */
export async function runCommand(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof OndaError) {
      process.stderr.write(`${name}: ${error.message}\n`);
      process.exitCode = error.exitCode;
    } else {
      process.stderr.write(`${name}: unexpected failure, please report it\n`);
      console.error(error);
      process.exitCode = 1;
    }
  }
}
