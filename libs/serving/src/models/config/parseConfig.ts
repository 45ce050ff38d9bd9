import { readFileSync } from 'node:fs';
import { ModelError } from '@onda/contract';
import protobuf from 'protobufjs';
import textformat from 'protobufjs/ext/textformat.js';
import type { TritonConfig } from './tritonConfig.ts';

/** Many times the longest that people write; the parser's time grows with it. */
const MAX_BYTES = 262_144;

let configType: protobuf.Type | undefined;

/** Read once, when the first model comes. */
function modelConfigType(): protobuf.Type {
  const schema = new URL('../../../proto/model_config.proto', import.meta.url);
  configType ??= protobuf
    .parse(readFileSync(schema, 'utf8'), { keepCase: true })
    .root.lookupType('inference.ModelConfig');
  return configType;
}

/**
 * Reads a config.pbtxt: protobuf's text format, by Triton's own fields.
 *
 * @param path for errors
 * @throws ModelError for what is no text of that form, a field that Triton does not have among it, naming the line
 */
export function parseConfig(bytes: Uint8Array, path: string): TritonConfig {
  if (bytes.byteLength > MAX_BYTES) {
    throw new ModelError(
      `${path}: expected at most ${MAX_BYTES} bytes, got ${bytes.byteLength}; it is no model configuration`,
    );
  }
  try {
    const type = modelConfigType();
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const message = textformat.fromText(type, text);
    return type.toObject(message, {
      longs: Number,
      enums: String,
      arrays: true,
      objects: true,
    }) as TritonConfig;
  } catch (cause) {
    throw new ModelError(`${path}: ${reasonOf(cause)}; correct it as Triton's model configuration has it`, {
      cause,
    });
  }
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  // The parser names fields by their full names: `.inference.ModelConfig: unknown field 'x' (line 3)`.
  return text.replaceAll('.inference.', '');
}
