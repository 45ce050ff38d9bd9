import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { model } from './requests.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** What the Onda server serves. */
export const ondaModels = path.join(root, 'examples', 'models');

const onnxFile = path.join(ondaModels, model, '1', 'model.onnx');

function peerFile(name: string): string {
  return fileURLToPath(new URL(`../../peers/serving/${name}`, import.meta.url));
}

/** A folder for `mlserver start`: its settings, the model's, and our class. */
export function mlserverFolder(
  folder: string,
  ports: { http: number; grpc: number; metrics: number },
): string {
  mkdirSync(folder, { recursive: true });
  copyFileSync(peerFile('mlserver_model.py'), path.join(folder, 'mlserver_model.py'));
  writeJson(path.join(folder, 'settings.json'), {
    host: '127.0.0.1',
    http_port: ports.http,
    grpc_port: ports.grpc,
    metrics_port: ports.metrics,
    // The model's run is short: a process of its own for it would cost more.
    parallel_workers: 0,
    debug: false,
  });
  writeJson(path.join(folder, 'model-settings.json'), {
    name: model,
    implementation: 'mlserver_model.OnnxModel',
    parameters: { uri: onnxFile },
  });
  return folder;
}

const tritonConfig = `name: "${model}"
backend: "python"
max_batch_size: 64
input [ { name: "x" data_type: TYPE_FP32 dims: [ -1, 1 ] }, { name: "state_in" data_type: TYPE_FP32 dims: [ 32 ] } ]
output [ { name: "y" data_type: TYPE_FP32 dims: [ -1, 1 ] }, { name: "state_out" data_type: TYPE_FP32 dims: [ 32 ] } ]
dynamic_batching { }
instance_group [ { count: 1 kind: KIND_CPU } ]
`;

/**
 * A model repository for Triton's Python backend, which runs the same file.
 *
 * @param packages folder of the Python packages that the model's code imports
 */
export function tritonRepository(folder: string, packages: string): string {
  const version = path.join(folder, model, '1');
  mkdirSync(version, { recursive: true });
  writeFileSync(path.join(folder, model, 'config.pbtxt'), tritonConfig);
  copyFileSync(peerFile('triton_model.py'), path.join(version, 'model.py'));
  writeFileSync(path.join(version, 'packages.txt'), packages);
  copyFileSync(onnxFile, path.join(version, 'model.onnx'));
  return folder;
}

function writeJson(file: string, value: object): void {
  writeFileSync(file, JSON.stringify(value, null, 2));
}
