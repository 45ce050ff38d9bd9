import { ModelError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { IndexEntry, RepositoryControl } from '@onda/serving';
import { IndexRequest, LoadRequest, UnloadRequest } from '../http/schemas.ts';
import { validate } from '../http/validate.ts';

/**
 * Triton's model repository extension, for HTTP and gRPC alike. Loads models of the repository's folder only: no file, path or
 * configuration is taken from a request.
 *
 * @throws ProtocolError
 */
export class RepositoryCalls {
  readonly #control: RepositoryControl;

  constructor(control: RepositoryControl) {
    this.#control = control;
  }

  /** @param ready leaves out models that are not ready */
  index(ready: unknown): Promise<readonly IndexEntry[]> {
    return this.#control.index(validate(IndexRequest, { ready }).ready);
  }

  async load(name: string, parameters: unknown): Promise<void> {
    validate(LoadRequest, { parameters });
    try {
      await this.#control.load(name);
    } catch (error) {
      // The caller gets the reason why a model does not load.
      if (error instanceof ModelError) throw new ProtocolError('malformed', error.message, { cause: error });
      throw error;
    }
  }

  async unload(name: string, parameters: unknown): Promise<void> {
    validate(UnloadRequest, { parameters });
    await this.#control.unload(name);
  }
}
