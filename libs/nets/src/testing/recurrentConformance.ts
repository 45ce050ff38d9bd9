import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ConformanceTest } from './conformanceTest.ts';
import { readoutLossTests } from './readoutLossTests.ts';
import { attributeTests, gradientTests, outputTests } from './recurrentTests.ts';

export interface RecurrentSuite {
  /** Shown in the test report: `tensorflow, kernels in C++`. */
  name: string;
  /** Makes the backend current and registers its kernels. */
  setup: () => Promise<void> | void;
  /** Tests that these kernels cannot pass, by name. */
  skip?: readonly { reason: string; tests: readonly string[] }[];
}

/**
 * The conformance suite of the recurrent op and the read-out and loss op, for the kernels of any backend.
 *
 * @example
 * describeRecurrentKernels({
 *   name: 'wasm',
 *   setup: async () => {
 *     await openWasmBackend();
 *   },
 * });
 */
export function describeRecurrentKernels(suite: RecurrentSuite): void {
  const tests: readonly ConformanceTest[] = [
    ...outputTests,
    ...gradientTests,
    ...attributeTests,
    ...readoutLossTests,
  ];
  const reasons = new Map(
    (suite.skip ?? []).flatMap(({ reason, tests: names }) => names.map((name) => [name, reason])),
  );
  for (const name of reasons.keys()) {
    if (!tests.some((test) => test[0] === name)) throw new Error(`skip names no test: ${name}`);
  }

  describe(`recurrent kernels: ${suite.name}`, () => {
    beforeAll(async () => {
      await suite.setup();
    });

    for (const [name, run] of tests) {
      const reason = reasons.get(name);
      if (reason !== undefined) {
        it.skip(`${name} (${reason})`);
        continue;
      }
      it(name, () => {
        const before = memory().numTensors;
        run();
        expect(memory().numTensors, 'tensors left behind').toBe(before);
      });
    }
  });
}
