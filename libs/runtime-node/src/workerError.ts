import { OndaError } from '@onda/contract';

/** The worker thread that runs the models ended or does not start; what it was to answer is lost, the state is not. */
export class WorkerError extends OndaError {
  constructor(message: string) {
    super('worker', message, { exitCode: 1 });
  }
}
