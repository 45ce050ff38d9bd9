import { GrpcStatus } from '@onda/grpc-server';
import type { Handlers, ServerCall } from '@onda/grpc-server';
import descriptor from 'protobufjs/ext/descriptor.js';
import type { IDescriptorProto, IFileDescriptorProto } from 'protobufjs/ext/descriptor.js';
import { definitions } from './protoServices.ts';

/** `message_request` names the field that is set. */
interface ReflectionRequest {
  readonly host: string;
  readonly message_request?: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
}

/** Serialized FileDescriptorProto messages. The files import no others: proto-loader joins the files of a package. */
interface Files {
  readonly byName: Map<string, Uint8Array>;
  /** By the full names of messages, enumerations, services and methods. */
  readonly bySymbol: Map<string, Uint8Array>;
  readonly services: string[];
}

/**
 * Handlers of server reflection, which describe the services of the .proto files to clients such as grpcurl. The services have no
 * extensions.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function reflectionHandlers(): Handlers {
  const files = readFiles();
  return {
    ServerReflectionInfo: (call: ServerCall<ReflectionRequest, object>) => {
      call
        .on('data', (request) => {
          call.write({ valid_host: request.host, original_request: request, ...answer(request, files) });
        })
        .on('end', () => {
          call.end();
        });
    },
  };
}

function answer(request: ReflectionRequest, { byName, bySymbol, services }: Files): object {
  switch (request.message_request) {
    case 'list_services':
      return { list_services_response: { service: services.map((name) => ({ name })) } };
    case 'file_by_filename':
      return fileResponse(byName.get(request.file_by_filename ?? ''));
    case 'file_containing_symbol':
      return fileResponse(bySymbol.get(request.file_containing_symbol ?? ''));
    case undefined:
    default:
      return fileResponse(undefined);
  }
}

function fileResponse(file: Uint8Array | undefined): object {
  if (file !== undefined) return { file_descriptor_response: { file_descriptor_proto: [file] } };
  return {
    error_response: {
      error_code: GrpcStatus.NOT_FOUND,
      error_message: 'the server has no such file, symbol or extension; list its services',
    },
  };
}

function readFiles(): Files {
  const files: Files = { byName: new Map(), bySymbol: new Map(), services: [] };
  // Each definition of a message has all files.
  for (const bytes of definitions['inference.ModelInferRequest'].fileDescriptorProtos as Uint8Array[]) {
    const { FileDescriptorProto } = descriptor;
    const file = FileDescriptorProto.toObject(FileDescriptorProto.decode(bytes)) as IFileDescriptorProto;
    const scope = file.package ?? '';
    for (const message of file.messageType ?? []) nameMapEntries(message);
    const corrected = FileDescriptorProto.encode(FileDescriptorProto.fromObject(file)).finish();
    files.byName.set(file.name ?? '', corrected);
    for (const symbol of symbolsOf(scope, file)) files.bySymbol.set(symbol, corrected);
    for (const { name } of file.service ?? []) files.services.push(`${scope}.${name}`);
  }
  return files;
}

function* symbolsOf(
  scope: string,
  { messageType = [], enumType = [], service = [] }: IFileDescriptorProto,
): Generator<string> {
  for (const message of messageType) yield* messageSymbols(scope, message);
  for (const { name } of enumType) yield `${scope}.${name}`;
  for (const { name, method = [] } of service) {
    yield `${scope}.${name}`;
    for (const { name: methodName } of method) yield `${scope}.${name}.${methodName}`;
  }
}

function* messageSymbols(
  scope: string,
  { name, nestedType = [], enumType = [] }: IDescriptorProto,
): Generator<string> {
  const symbol = `${scope}.${name}`;
  yield symbol;
  for (const nested of nestedType) yield* messageSymbols(symbol, nested);
  for (const { name: enumName } of enumType) yield `${symbol}.${enumName}`;
}

/**
 * Renames map entries as protoc does, `FieldNameEntry`: protobufjs leaves `Entry` out, and Go's protobuf, which grpcurl uses, refuses
 * such a file.
 */
function nameMapEntries({ field: fields = [], nestedType = [] }: IDescriptorProto): void {
  for (const nested of nestedType) nameMapEntries(nested);
  for (const field of fields) {
    const entry = nestedType.find(
      ({ name, options }) => options?.mapEntry === true && name === field.typeName,
    );
    if (entry === undefined) continue;
    const camelCase = (field.name ?? '').replace(/(?:^|_)(.)/g, (_match, first: string) =>
      first.toUpperCase(),
    );
    field.typeName = `${camelCase}Entry`;
    entry.name = field.typeName;
  }
}
