import { ShapeError } from '@onda/contract';
import { describeValue } from './jsonBody.ts';
import { ProtocolError } from './protocolError.ts';

/**
 * A body of the binary tensor extension: a JSON header, then the tensors' bytes in the order of the inputs. Without the
 * header `Inference-Header-Content-Length` the whole body is JSON.
 */
export class BinaryBody {
  readonly header: Uint8Array;
  readonly #tensors: Uint8Array;
  #taken = 0;

  /** @throws ProtocolError if the declared JSON part is longer than the body */
  constructor(body: Uint8Array, headerLength: number | undefined) {
    const length = headerLength ?? body.byteLength;
    if (length > body.byteLength) {
      throw new ProtocolError(
        'malformed',
        `Inference-Header-Content-Length: expected at most the body's ${body.byteLength} bytes, got ${length}; correct it`,
      );
    }
    this.header = body.subarray(0, length);
    this.#tensors = body.subarray(length);
  }

  /**
   * The next tensor's bytes.
   *
   * @param size what `binary_data_size` says
   * @throws ShapeError for a size that is not valid, or more than the remaining bytes
   */
  take(size: unknown, where: string): Uint8Array {
    const left = this.#tensors.byteLength - this.#taken;
    if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > left) {
      throw new ShapeError(
        `${where}: expected a binary_data_size of at most the ${left} bytes left in the body, got ${describeValue(size)}; correct it`,
      );
    }
    const bytes = this.#tensors.subarray(this.#taken, this.#taken + (size as number));
    this.#taken += size as number;
    return bytes;
  }

  /** @throws ShapeError if bytes remain that belong to no input */
  checkUsed(): void {
    const left = this.#tensors.byteLength - this.#taken;
    if (left > 0) {
      throw new ShapeError(
        `the body: expected ${this.#taken} bytes of tensors as the inputs' binary_data_size add up to, got ${this.#tensors.byteLength}; correct the sizes`,
      );
    }
  }
}

/**
 * Reads the header `Inference-Header-Content-Length`.
 *
 * @returns undefined when the request does not have it
 * @throws ProtocolError unless it is a whole number
 */
export function readHeaderLength(value: string | readonly string[] | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^[0-9]{1,15}$/.test(value)) {
    throw new ProtocolError(
      'malformed',
      `Inference-Header-Content-Length: expected a number of bytes, got ${describeValue(value)}; correct it`,
    );
  }
  return Number(value);
}
