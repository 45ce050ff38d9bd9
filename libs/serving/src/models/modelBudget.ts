import { ModelError } from '@onda/contract';

/** There is no room for a model now; there may be once others are gone. */
export class NoRoomError extends ModelError {}

/** Bounds the memory that the models of a service take, by the bytes of their files, each as often as it is held. */
export class ModelBudget {
  readonly #most: number;
  #taken = 0;

  /** @param most bytes of all models that are loaded at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes of the models that are loaded. */
  get taken(): number {
    return this.#taken;
  }

  /** @throws NoRoomError if there is no room for that many more bytes */
  take(bytes: number): void {
    if (this.#taken + bytes > this.#most) {
      throw new NoRoomError(
        `expected at most ${this.#most} bytes of models, got ${bytes} beside the ${this.#taken} that are loaded; unload a model, or raise --max-model-bytes`,
      );
    }
    this.#taken += bytes;
  }

  giveBack(bytes: number): void {
    this.#taken -= bytes;
  }
}
