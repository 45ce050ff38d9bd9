import { ModelError } from '@onda/contract';
import onnxProto from 'onnx-proto';
import type { onnx } from 'onnx-proto';
import { quoted } from '../text.ts';

/** TensorProto.DataLocation of external data. */
export const externalLocation = onnxProto.onnx.TensorProto.DataLocation.EXTERNAL;

/** Alignment of a tensor's data in its file: pages, so that runtimes can map them. */
const alignment = 4096;

/** Smaller tensors stay in the model file. */
const smallest = 1024;

/** Contents of external data files, by the location that tensors name. */
export type ExternalFiles = Readonly<Record<string, Uint8Array>>;

/** Collects the data of large tensors for an external file. */
export class DataFile {
  /** The contents of the file, in order. */
  readonly pieces: Uint8Array[] = [];
  private readonly location: string;
  private size = 0;

  /** @param location name of the file, in the model's folder */
  constructor(location: string) {
    this.location = location;
  }

  /** The fields of a tensor with external data; null for a small tensor. */
  put(bytes: Uint8Array): Pick<onnx.ITensorProto, 'dataLocation' | 'externalData'> | null {
    if (bytes.length < smallest) return null;
    const padding = (alignment - (this.size % alignment)) % alignment;
    if (padding > 0) this.pieces.push(new Uint8Array(padding));
    const offset = this.size + padding;
    this.pieces.push(bytes);
    this.size = offset + bytes.length;
    const entries = { location: this.location, offset: String(offset), length: String(bytes.length) };
    return {
      dataLocation: externalLocation,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    };
  }
}

/** Reads external data of tensors. Looks only at the given contents: a location is a key, never a path. */
export class ExternalReader {
  private readonly files: ExternalFiles;
  private left: number;

  constructor(files: ExternalFiles) {
    this.files = files;
    this.left = Object.values(files).reduce((size, { length }) => size + length, 0);
  }

  /**
   * @returns a view of the file
   * @throws ModelError for a missing file, a range outside of it, or more data than the files hold: a small file of many
   *   tensors that share their data would decode to any size
   */
  read({ externalData }: onnx.ITensorProto, place: string): Uint8Array {
    const entries = new Map((externalData ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
    const location = entries.get('location') ?? '';
    const named = quoted(location);
    if (!Object.hasOwn(this.files, location)) {
      throw new ModelError(
        `model file: ${place}: expected its external data file ${named}, got none; pass it, or write the model with its data inside`,
      );
    }
    const file = this.files[location];
    const offset = wholeNumber(entries.get('offset') ?? '0', `${place}: offset`);
    const length = wholeNumber(entries.get('length') ?? String(file.length - offset), `${place}: length`);
    if (offset + length > file.length) {
      throw new ModelError(
        `model file: ${place}: expected its data within the ${file.length} bytes of ${named}, got ${length} at ${offset}; one of the files is damaged`,
      );
    }
    this.left -= length;
    if (this.left < 0) {
      throw new ModelError(
        `model file: ${place}: expected tensors with separate data, got more data than the external files hold; the file is damaged`,
      );
    }
    return file.subarray(offset, offset + length);
  }
}

function wholeNumber(text: string, what: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new ModelError(
    `model file: ${what}: expected a whole number, got ${quoted(text)}; the file is damaged`,
  );
}
