export { errorBody, httpStatus, ProtocolError, statusOf } from './protocolError.ts';
export type { ErrorCode } from './protocolError.ts';

export { datatypes } from './datatypes.ts';
export type { ProtocolTensor } from './datatypes.ts';
export { MAX_JSON_DEPTH } from './jsonBody.ts';
export type { ModelTensors, StatePair } from './modelTensors.ts';
export type { Parameters, Schedule, SequenceControl } from './requestParameters.ts';
export { MAX_ID_LENGTH } from './requestParameters.ts';

export { readHeaderLength } from './binaryBody.ts';
export { decodeInferRequest } from './inferRequest.ts';
export type { InferRequest, RequestedOutput } from './inferRequest.ts';
export { bindRequest } from './bindRequest.ts';
export { sequenceControls } from './sequenceRows.ts';
export { encodeInferResponse } from './inferResponse.ts';
export type { EncodedResponse, InferResponse } from './inferResponse.ts';

export { decodeGenerateFrom, decodeGenerateRequest } from './generateRequest.ts';
export type {
  GenerateFrom,
  GenerateModel,
  GenerateRequest,
  Nesting,
  PromptTensor,
} from './generateRequest.ts';
export { encodeGenerateResponse } from './generateResponse.ts';
export type { GenerateResponse } from './generateResponse.ts';

export { modelConfig, modelMetadata } from './metadata.ts';
export type { ConfigVersions, ModelConfig, ModelMetadata, TensorMetadata } from './metadata.ts';

export { decodeGrpcInferRequest, decodeInferMessage } from './grpcRequest.ts';
export type { GrpcInferRequest } from './grpcRequest.ts';
export { encodeInferMessage, encodeStreamAnswer, encodeStreamError } from './grpcResponse.ts';
export type { WireMessage } from './grpcResponse.ts';
export { WireError } from './wireReader.ts';
