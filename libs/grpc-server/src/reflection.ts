import type { Handlers, ServerCall } from './call/definition.ts';
import { GrpcStatus } from './status.ts';

/** What proto-loader knows of a message or an enumeration. */
interface TypeDefinition {
  /** Serialized FileDescriptorProto messages. */
  readonly fileDescriptorProtos: readonly Uint8Array[];
}

/** Services, messages and enumerations by full name, as proto-loader's PackageDefinition. */
export type PackageDefinition = Readonly<Record<string, object>>;

/** One of the fields but `host` is set. */
interface ReflectionRequest {
  readonly host: string;
  readonly message_request?:
    | 'file_by_filename'
    | 'file_containing_symbol'
    | 'file_containing_extension'
    | 'all_extension_numbers_of_type'
    | 'list_services';
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
}

/**
 * Handlers of `grpc.reflection.v1.ServerReflection` and of v1alpha, whose messages are the same, for definitions that proto-loader has
 * read with `keepCase` and `oneofs`.
 *
 * proto-loader joins the files of a package into one file. Files that import other packages are not supported.
 *
 * @param definitions what the server describes
 * @param services    full names of the services it lists
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function reflectionHandlers(definitions: PackageDefinition, services: readonly string[]): Handlers {
  const files = filesOf(definitions);
  const answer = (request: ReflectionRequest): object => {
    switch (request.message_request) {
      case 'list_services':
        return { list_services_response: { service: services.map((name) => ({ name })) } };
      case 'file_by_filename':
        return fileResponse(files.get(request.file_by_filename ?? ''), `file ${request.file_by_filename}`);
      case 'file_containing_symbol': {
        const symbol = request.file_containing_symbol ?? '';
        return fileResponse(files.get(maybeFileName(symbol, definitions) ?? ''), `symbol ${symbol}`);
      }
      case 'file_containing_extension':
      case 'all_extension_numbers_of_type':
      case undefined:
        return notFound('extensions: the services have none');
    }
  };
  return {
    ServerReflectionInfo: (call: ServerCall<ReflectionRequest, object>) => {
      call
        .on('data', (request) => {
          call.write({ valid_host: request.host, original_request: request, ...answer(request) });
        })
        .on('end', () => {
          call.end();
        });
    },
  };
}

/** Serialized files by name. */
function filesOf(definitions: PackageDefinition): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const definition of Object.values(definitions)) {
    if (!isType(definition)) continue;
    for (const file of definition.fileDescriptorProtos) files.set(readFileName(file), file);
  }
  return files;
}

function isType(definition: object): definition is TypeDefinition {
  return Array.isArray((definition as Partial<TypeDefinition>).fileDescriptorProtos);
}

/** FileDescriptorProto.name: field 1, which is written first and is shorter than 128 bytes here. */
function readFileName(file: Uint8Array): string {
  return Buffer.from(file.subarray(2, 2 + file[1])).toString();
}

/** Longest name that is looked up, characters. */
const MAX_SYMBOL_LENGTH = 512;

/**
 * The file of a message, enumeration or service, or of a member of these; undefined for an unknown symbol. proto-loader names a file for
 * its package.
 */
function maybeFileName(symbol: string, definitions: PackageDefinition): string | undefined {
  if (symbol.length > MAX_SYMBOL_LENGTH) return undefined;
  for (let name = symbol; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
    if (!Object.hasOwn(definitions, name)) continue;
    const definition = definitions[name];
    const member = symbol.slice(name.length + 1);
    if (member !== '' && !isType(definition) && !Object.hasOwn(definition, member)) return undefined;
    return `${name.slice(0, Math.max(0, name.lastIndexOf('.'))).replaceAll('.', '_')}.proto`;
  }
  return undefined;
}

function fileResponse(file: Uint8Array | undefined, name: string): object {
  return file === undefined
    ? notFound(`${name.slice(0, 200)}: the server has none of this name`)
    : { file_descriptor_response: { file_descriptor_proto: [file] } };
}

function notFound(message: string): object {
  return { error_response: { error_code: GrpcStatus.NOT_FOUND, error_message: message } };
}
