export { errorBody, httpStatus, ProtocolError, statusOf } from './protocolError.ts';
export type { ErrorCode } from './protocolError.ts';

export { datatypes } from './datatypes.ts';
export type { ProtocolTensor } from './datatypes.ts';
export { MAX_JSON_DEPTH } from './jsonBody.ts';

export { readHeaderLength } from './binaryBody.ts';
export { decodeInferRequest } from './inferRequest.ts';
export type { InferRequest } from './inferRequest.ts';
export type { ModelTensors } from './modelTensors.ts';
export type { RequestedOutput } from './outputRequest.ts';
export { encodeInferResponse } from './inferResponse.ts';
export type { EncodedResponse, InferResponse } from './inferResponse.ts';

export { decodeGenerateRequest } from './generateRequest.ts';
export type { GenerateModel, GenerateRequest, Nesting } from './generateRequest.ts';
export { encodeGenerateResponse } from './generateResponse.ts';
export type { GenerateResponse } from './generateResponse.ts';

export { modelConfig, modelMetadata } from './metadata.ts';
export type { ModelConfig, ModelMetadata, TensorMetadata } from './metadata.ts';
