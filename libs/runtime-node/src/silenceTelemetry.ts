/**
 * Keeps ONNX Runtime from telling anybody of its use: since 1.30 its builds for Linux send Microsoft what models are loaded and how they
 * run, and keep an id of the machine in the user's cache, unless this variable is set. Whoever wants that sets it to 0.
 *
 * To be called on the main thread before the first session: in a worker, `process.env` is a copy that ONNX Runtime does not see.
 */
export function silenceTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
}
