import { describe, expect, it } from 'vitest';
import { MissingPart } from './context.mjs';
import { missingCompiler } from './machine.ts';
import { tensorflowPath } from './nativeLibraries.ts';
import { missingNotice } from './setUp.ts';
import { joinMissing } from './tensorflow.ts';
import { pipFailure } from './wheel.ts';

describe(missingNotice, () => {
  it('states the reasons, the consequence and the remedies in one line', () => {
    const { what, remedy } = joinMissing([
      new MissingPart('there is no pip', 'apt-get install -y python3-pip'),
      new MissingPart('there is no C++ compiler (g++)', 'apt-get install -y g++'),
    ]);
    const cost = 'Training is slower.';
    expect(missingNotice('TensorFlow is', { what, cost, remedy })).toBe(
      'TensorFlow is not used: there is no pip and there is no C++ compiler (g++). Training is slower. Remedy: apt-get install -y python3-pip; apt-get install -y g++; then npm run setup.',
    );
  });
});

describe(missingCompiler, () => {
  it('names a CXX that cannot be run', () => {
    expect(missingCompiler({ CXX: 'clang++-99', PATH: '' }).what).toBe(
      'CXX is clang++-99, which cannot be run',
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

  it('reports a missing connection, not a missing version', () => {
    const stderr =
      "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found";
    expect(pipFailure(failed(stderr))).toBe('no connection to the package index');
  });

  it('otherwise returns the first error', () => {
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
  ])('maps %s to %s', (name, path) => {
    expect(tensorflowPath(name)).toBe(path);
  });
});
