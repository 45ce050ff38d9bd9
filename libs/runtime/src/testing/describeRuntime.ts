import { afterAll, beforeAll, describe, it } from 'vitest';
import { parseNetManifest } from '@onda/contract';
import { SequenceModel } from '../sequenceModel.ts';
import type { Runtime } from '../session.ts';
import type { Fixture } from './conformanceTests.ts';
import { damagedBytesTests, feedTests, generatorTests, sequenceTests } from './conformanceTests.ts';

/** Files of examples/models/lagged-sine/1, the fixture of all adapters. */
export type FixtureFile = 'model.onnx' | 'generator.onnx' | 'onda.json';

export interface RuntimeSuite {
  /** Shown in the test report: `onnxruntime-node, cpu`. */
  name: string;
  createRuntime: () => Promise<Runtime>;
  /** Called after the last test, for runtimes that must be closed. */
  closeRuntime?: (runtime: Runtime) => Promise<void>;
  loadFixture: (file: FixtureFile) => Promise<Uint8Array>;
  /** Tests that this runtime cannot pass, by name. */
  skip?: readonly { reason: string; tests: readonly string[] }[];
}

/**
 * The conformance suite of runtime adapters.
 *
 * @example
 * describeRuntime({
 *   name: 'onnxruntime-node, cpu',
 *   createRuntime: () => createNodeRuntime({ provider: 'cpu' }),
 *   loadFixture: (file) => readFile(new URL(file, fixtures)),
 * });
 */
export function describeRuntime(suite: RuntimeSuite): void {
  const tests = { ...sequenceTests, ...generatorTests, ...feedTests, ...damagedBytesTests };
  const reasons = new Map(
    (suite.skip ?? []).flatMap(({ reason, tests: names }) => names.map((name) => [name, reason])),
  );
  for (const name of reasons.keys()) {
    if (!Object.hasOwn(tests, name)) throw new Error(`skip names no test: ${name}`);
  }

  describe(`runtime ${suite.name}`, () => {
    let fixture: Fixture;

    beforeAll(async () => {
      const manifestBytes = await suite.loadFixture('onda.json');
      const modelBytes = await suite.loadFixture('model.onnx');
      const runtime = await suite.createRuntime();
      const manifest = parseNetManifest(JSON.parse(new TextDecoder().decode(manifestBytes)), 'onda.json');
      const session = await runtime.createSession(modelBytes);
      const generator = await runtime.createSession(await suite.loadFixture('generator.onnx'));
      const model = new SequenceModel(session, manifest);
      fixture = { runtime, manifest, modelBytes, session, generator, model };
    });

    afterAll(async () => {
      await fixture.session.release();
      await fixture.generator.release();
      await suite.closeRuntime?.(fixture.runtime);
    });

    for (const [name, run] of Object.entries(tests)) {
      const reason = reasons.get(name);
      if (reason === undefined) {
        it(name, () => run(fixture));
      } else {
        it.skip(`${name} (${reason})`, () => run(fixture));
      }
    }
  });
}
