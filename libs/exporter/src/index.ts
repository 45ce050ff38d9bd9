export type { LayersArtifacts, WeightEntry } from './artifacts/artifacts.ts';
export { UnsupportedError } from './errors.ts';
export { configPbtxt } from './model/configPbtxt.ts';
export type { TritonNet } from './model/configPbtxt.ts';
export { opsets } from './model/makeModel.ts';
export { withMetadata } from './model/withMetadata.ts';
export { exportNet } from './net/exportNet.ts';
export type { ExportedNet, ExportNetOptions } from './net/exportNet.ts';
export type { NetSpec } from './net/net.ts';
