export { CLIENT_PREFACE, clientStreams, Http2Socket } from './http2Socket.ts';
export type { ReceivedFrame } from './http2Socket.ts';
export { encodeFrame, ErrorCode, Flag, FrameType, resetFrame, windowUpdateFrame } from '../http2/frames.ts';
export { settingsFrame } from '../http2/settings.ts';
export { findGoTool } from './goTool.ts';
export type { GoTool } from './goTool.ts';
export { findOpenssl, makeCertificate } from './makeCertificate.ts';
export type { CertificateFiles } from './makeCertificate.ts';
