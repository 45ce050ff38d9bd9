import { describe, expect, it } from 'vitest';
import { missingCompiler } from './compiler.mjs';
import { pipFailure } from './pip.mjs';
import { missingLine } from './setupRecord.mjs';
import { MissingPart } from './setupError.mjs';
import { joined } from './tensorflow.mjs';
import { tensorflowPath } from './tensorflowLibrary.mjs';

describe(missingLine, () => {
  it('says in one line what is missing, what that costs and how to get it', () => {
    const { what, remedy } = joined([
      new MissingPart('there is no pip', 'apt-get install -y python3-pip'),
      new MissingPart('there is no C++ compiler (g++)', 'apt-get install -y g++'),
    ]);
    const cost = 'Training is slower.';
    expect(missingLine('TensorFlow is', { what, cost, remedy })).toBe(
      'TensorFlow is not used: there is no pip and there is no C++ compiler (g++). Training is slower. Remedy: apt-get install -y python3-pip; apt-get install -y g++; then npm run setup.',
    );
  });
});

describe(missingCompiler, () => {
  it('names a CXX that does not run', () => {
    expect(missingCompiler({ CXX: 'clang++-99', PATH: '' }).what).toBe(
      'CXX names clang++-99, which does not run',
    );
    expect(missingCompiler({ PATH: '' }).what).toBe('there is no C++ compiler (g++)');
  });
});

describe(pipFailure, () => {
  const failed = (stderr: string): Parameters<typeof pipFailure>[0] => ({
    code: 1,
    signal: null,
    stdout: '',
    stderr,
    missing: false,
  });

  it('says that there is no connection rather than that there is no such version', () => {
    const stderr =
      "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found";
    expect(pipFailure(failed(stderr))).toBe('no connection to the package index');
  });

  it('gives the first error else', () => {
    expect(pipFailure(failed('ERROR: No matching distribution found for x\nERROR: other'))).toBe(
      'No matching distribution found for x',
    );
    expect(pipFailure({ ...failed(''), signal: 'SIGKILL' })).toBe('it was ended by SIGKILL');
  });
});

describe(tensorflowPath, () => {
  it.each([
    ['tensorflow/libtensorflow_cc.so.2', 'lib/libtensorflow_cc.so.2'],
    ['tensorflow/include/tensorflow/c/c_api.h', 'include/tensorflow/c/c_api.h'],
    ['tensorflow/include/external/llvm-project/x.h', null],
    ['tensorflow/include/ml_dtypes/_ml_dtypes_ext.so', null],
    ['tensorflow/python/__init__.py', null],
    ['other/libtensorflow_cc.so.2', null],
  ])('sends %s to %s', (name, path) => {
    expect(tensorflowPath(name)).toBe(path);
  });
});
