export { errorBody, httpStatus, ProtocolError, statusOf } from './protocolError.ts';
export type { ErrorCode } from './protocolError.ts';

export { datatypes } from './datatypes.ts';
export type { ProtocolTensor } from './datatypes.ts';
export { MAX_JSON_DEPTH } from './jsonBody.ts';

export { readHeaderLength } from './binaryBody.ts';
export { decodeInferRequest } from './inferRequest.ts';
export type { InferRequest } from './inferFields.ts';
export type { Parameters } from './parameters.ts';
export type { Schedule } from './schedule.ts';
export type { SequenceControl } from './sequenceControl.ts';
export type { ModelTensors, StatePair } from './modelTensors.ts';
export type { RequestedOutput } from './outputRequest.ts';
export { encodeInferResponse } from './inferResponse.ts';
export { decodeGrpcInferRequest } from './grpcRequest.ts';
export type { EncodedResponse, InferResponse } from './inferResponse.ts';

export { decodeGenerateRequest } from './generateRequest.ts';
export type { GenerateModel, GenerateRequest, Nesting, PromptTensor } from './generateRequest.ts';
export { decodeGenerateFrom } from './generateFrom.ts';
export type { GenerateFrom } from './generateFrom.ts';
export { encodeGenerateResponse } from './generateResponse.ts';
export type { GenerateResponse } from './generateResponse.ts';

export { modelConfig, modelMetadata } from './metadata.ts';
export type { ConfigVersions, ModelConfig, ModelMetadata, TensorMetadata } from './metadata.ts';
export { decodeInferMessage } from './wire/inferRequestMessage.ts';
export type { GrpcInferRequest } from './wire/inferRequestMessage.ts';
export { encodeInferMessage, encodeStreamAnswer, encodeStreamError } from './wire/inferResponseMessage.ts';
export type { WireMessage } from './wire/wireMessage.ts';
export { WireError } from './wire/wireReader.ts';
