// @ts-check

/**
 * A Python with packages that the tests hold our work against.
 * @typedef {object} PythonEnvironment
 * @property {string} part how the set-up's table calls it
 * @property {'python' | 'clientsPython' | 'deployPython' | 'tritonPython'} field where the set-up's record names it
 * @property {string} variable how a test hears of it
 * @property {string} requirements file of tools/setup/python, everything pinned, with what the packages themselves need
 * @property {string} packages the ones it is for, for a person
 * @property {string} cost what one does without, a sentence
 */

/**
 * Each is brought in for the tests alone. Another one is an entry here, a file of pinned packages and a field of the record.
 * @type {readonly PythonEnvironment[]}
 */
export const pythonEnvironments = [
  {
    part: 'Python checker',
    field: 'python',
    variable: 'ONDA_PYTHON',
    requirements: 'checker.txt',
    packages: 'onnx, onnxruntime and numpy',
    cost: "The checks by Python's onnx and onnxruntime are left out.",
  },
  {
    part: 'Python clients',
    field: 'clientsPython',
    variable: 'ONDA_CLIENTS_PYTHON',
    requirements: 'clients.txt',
    packages: 'tritonclient and schemathesis',
    cost: "The service is not called by Triton's own clients and not held against its OpenAPI document.",
  },
  {
    part: 'Python deploy',
    field: 'deployPython',
    variable: 'ONDA_DEPLOY_PYTHON',
    requirements: 'deploy.txt',
    packages: 'kubernetes-validate, kserve, compose-spec and hadolint',
    cost: 'The files of deploy/ are not held against the schemas of the tools that read them.',
  },
  {
    // numpy 1, which the backend's compiled part is made for: with numpy 2 it gives tensors of no bytes. Hence Python 3.11 or 3.12.
    // tritonclient 2.50 brings the program perf_analyzer, for glibc 2.34; its two libraries that are not everywhere are in
    // nvidia-pytriton's wheel. Later ones ask for glibc 2.38.
    part: 'Triton',
    field: 'tritonPython',
    variable: 'ONDA_TRITON_PYTHON',
    requirements: 'triton.txt',
    packages: 'tritonserver, perf_analyzer and onnxruntime',
    cost: "No real Triton reads the config.pbtxt of exported models, and Triton's perf_analyzer does not measure the service.",
  },
];

/**
 * The variables that tell the tests where the environments are.
 * @param {import('./setupRecord.mjs').SetupRecord} record
 * @returns {Record<string, string>}
 */
export function pythonVariables(record) {
  /** @type {Record<string, string>} */
  const variables = {};
  for (const { field, variable } of pythonEnvironments) {
    const python = record[field];
    if (python) variables[variable] = python;
  }
  return variables;
}
