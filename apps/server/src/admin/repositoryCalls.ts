import { ModelError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { IndexEntry, RepositoryControl } from '@onda/serving';

type Parameters = Readonly<Record<string, unknown>>;

/**
 * Triton's model repository extension, however a request for it came: what it may ask for is checked here.
 *
 * @throws ProtocolError
 */
export class RepositoryCalls {
  readonly #control: RepositoryControl;

  constructor(control: RepositoryControl) {
    this.#control = control;
  }

  /** @param ready leaves out what does not answer */
  index(ready: unknown = false): Promise<readonly IndexEntry[]> {
    checkFlag('ready', ready);
    return this.#control.index(ready);
  }

  async load(name: string, parameters: unknown): Promise<void> {
    readParameters(
      parameters,
      [],
      'none, since a model comes from the repository as it lies there; put files and configuration into its folder',
    );
    try {
      await this.#control.load(name);
    } catch (error) {
      // A model that does not load: whoever asked is to hear why.
      if (error instanceof ModelError) throw new ProtocolError('malformed', error.message, { cause: error });
      throw error;
    }
  }

  async unload(name: string, parameters: unknown): Promise<void> {
    const { unload_dependents = false } = readParameters(
      parameters,
      ['unload_dependents'],
      'unload_dependents alone; leave the others out',
    );
    // No model depends on another, so either way there are no dependents.
    checkFlag('parameters: unload_dependents', unload_dependents);
    await this.#control.unload(name);
  }
}

/** @param expected what the sentence says of others than `known` */
function readParameters(parameters: unknown = {}, known: readonly string[], expected: string): Parameters {
  const isObject = typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters);
  if (isObject && Object.keys(parameters).every((key) => known.includes(key)))
    return parameters as Parameters;
  throw new ProtocolError('malformed', `parameters: expected ${expected}`);
}

function checkFlag(where: string, value: unknown): asserts value is boolean {
  if (typeof value === 'boolean') return;
  const got = JSON.stringify(value).slice(0, 40);
  throw new ProtocolError('malformed', `${where}: expected true or false, got ${got}; correct it`);
}
