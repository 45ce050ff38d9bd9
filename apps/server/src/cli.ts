import { OndaError } from '@onda/contract';
import { CommanderError } from 'commander';
import { createProgram } from './cli/commandLine.ts';

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed the message; --help is not an error.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof OndaError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    throw error;
  }
}
