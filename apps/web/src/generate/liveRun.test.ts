import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '@onda/runtime';
import { floatTensor, generate, SequenceModel } from '@onda/runtime';
import { cut, rowSeries, sineSeries } from '../data/series.ts';
import { difference, predictChunk } from '../page/cards.ts';
import { placeText, summaryText, worstDrawn } from '../page/liveSection.ts';
import { valueHeads, valueRow, valuesCsv } from '../page/valuesTable.ts';
import { exampleModel } from '../testing/exampleModel.ts';
import { advance, LiveRun, samplesToCompute } from './liveRun.ts';
import type { ClosedLoopModel } from './stream.ts';
import { startStream, timeSample } from './stream.ts';

const folder = new URL('../../../../examples/models/lagged-sine/1/', import.meta.url);

/** float32 over 200 samples of a closed loop, the same kernels in other pieces: the bound of the contract. */
const LOOP_ATOL = 1e-5;

const atOnce = { samples: 60, speed: Infinity };

let model: ClosedLoopModel;
beforeAll(async () => {
  model = await exampleModel((file) => readFileSync(new URL(file, folder)));
});

async function whole(prompt: Float32Array, samples: number): Promise<Float32Array> {
  const x = floatTensor([1, prompt.length, 1], prompt);
  const { y } = await generate(model.generator!, model.sequence.manifest, x, undefined, samples);
  return y.data;
}

describe(startStream, () => {
  const prompt = cut(sineSeries(20), 3, 20);

  it('gives the same values in pieces as in one run, also in pieces of one', async () => {
    const stream = startStream(model, prompt);
    const joined: number[] = [];
    for (const piece of [1, 1, 50, 7, 141]) joined.push(...(await stream.next(piece)));
    const expected = await whole(prompt, 200);
    expect(joined).toHaveLength(200);
    expect(difference(joined, expected).maxAbs).toBeLessThan(LOOP_ATOL);
  });

  it('uses another seed for each run of a model that samples its values', async () => {
    const { manifest } = model.sequence;
    const { model: tensors } = manifest.tensors;
    const input = (name: string): (typeof tensors.inputs)[number] => ({ name, type: 'int64', shape: [1] });
    const session = { ...model.generator!, ...tensors };
    const drawing = new SequenceModel(session, {
      ...manifest,
      sampling: { kind: 'gaussian', source: 'seed' },
      tensors: {
        model: tensors,
        generator: { ...tensors, inputs: [...tensors.inputs, input('samples'), input('seed')] },
      },
    });
    const seeds: unknown[] = [];
    const generator: Session = {
      ...session,
      run: ({ samples, seed }) => {
        seeds.push(...(seed.data as BigInt64Array));
        const count = Number(samples.data[0]);
        return Promise.resolve({
          y: floatTensor([1, count, 1], new Float32Array(count)),
          state_out: floatTensor([1, 32], new Float32Array(32)),
        });
      },
    };
    const stream = startStream({ sequence: drawing, generator }, prompt);
    for (const piece of [3, 1, 2]) expect(await stream.next(piece)).toHaveLength(piece);
    expect(seeds).toEqual([1n, 2n, 3n]);
  });

  it('gives the same without a generator, by a loop over the model', async () => {
    const stream = startStream({ ...model, generator: null }, prompt);
    const joined = [...(await stream.next(3)), ...(await stream.next(27))];
    expect(difference(joined, await whole(prompt, 30)).maxAbs).toBeLessThan(LOOP_ATOL);
  });
});

describe(LiveRun, () => {
  it('shows all requested samples at once without a speed', async () => {
    const run = new LiveRun(model, { series: sineSeries(20), start: 0, time: 20 });
    await run.step(0, atOnce);
    expect(run.step(0, atOnce)).toBeNull();
    expect([run.computed, run.drawn]).toEqual([60, 60]);
    expect(difference(run.generated, await whole(run.prompt, 60)).maxAbs).toBeLessThan(LOOP_ATOL);
    expect(run.errors[9]).toBeCloseTo(Math.abs(run.value(9, 0) - Math.sin((29 * Math.PI) / 20)), 6);
    expect(run.range[0]).toBe(Math.min(...run.prompt, ...run.generated, -1));
  });

  it('moves on by speed and time, computes ahead in few runs and stops at its end', async () => {
    const pace = { samples: 50, speed: 100 };
    const run = new LiveRun(model, { series: sineSeries(20), start: 0, time: 20 });
    let runs = 0;
    const shown: number[] = [];
    for (let frame = 0; frame < 12; frame++) {
      const computing = run.step(0.05, pace);
      if (computing) {
        runs++;
        await computing;
      }
      shown.push(run.drawn);
    }
    expect(shown).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 50]);
    expect(runs).toBe(1);
    expect(run.computed).toBe(50);
  });

  it('has no difference where the data ends', async () => {
    const series = rowSeries('rows', ['v'], cut(sineSeries(20), 0, 30), { chunk: 20, holdout: 10 });
    const run = new LiveRun(model, { series, start: 0, time: 20 });
    await run.step(0, atOnce);
    await run.step(0, atOnce);
    expect(run.errors.slice(0, 10).every(Number.isFinite)).toBe(true);
    expect(run.errors.slice(10).every(Number.isNaN)).toBe(true);
    expect(worstDrawn(run).at).toBeLessThan(10);
  });
});

describe(valueRow, () => {
  it('lists the prompt, then the net beside the truth', async () => {
    const run = new LiveRun(model, { series: sineSeries(20), start: 0, time: 2 });
    await run.step(0, atOnce);
    await run.step(0, atOnce);
    expect(valueRow(run, 1)).toEqual({
      sample: 1,
      part: 'fed',
      truth: [run.prompt[1]],
      net: [NaN],
      difference: NaN,
    });
    expect(valueRow(run, 2)).toEqual({
      sample: 2,
      part: 'net',
      truth: [Math.sin((2 * Math.PI) / 20)],
      net: [run.generated[0]],
      difference: run.errors[0],
    });
    expect(valueHeads(run)).toEqual(['Sample', 'Part', 'True', 'Net', 'Difference']);
  });

  it('writes every digit of each value to the file', async () => {
    const run = new LiveRun(model, { series: sineSeries(20), start: 0, time: 2 });
    await run.step(0, atOnce);
    await run.step(0, atOnce);
    const lines = valuesCsv(run).split('\n');
    expect(lines[0]).toBe('Sample,Part,True,Net,Difference');
    expect(lines[1]).toBe('0,fed,0,,');
    expect(Number(lines[3].split(',')[3])).toBe(run.generated[0]);
    expect(lines).toHaveLength(1 + 62 + 1);
  });
});

describe(summaryText, () => {
  it('says in words what is drawn', async () => {
    const run = new LiveRun(model, { series: sineSeries(20), start: 0, time: 20 });
    expect(summaryText(run)).toBe('0 values after a prompt of 20 samples of sin(t).');
    await run.step(0, atOnce);
    await run.step(0, atOnce);
    expect(summaryText(run)).toMatch(
      /^60 values after a prompt of 20 samples of sin\(t\); the largest difference from the truth is 0\.\d+, at sample \d+\.$/,
    );
  });

  it('names a phase for a formula and a row for a table', () => {
    expect(placeText(sineSeries(20), 10)).toBe('0.50 π');
    expect(placeText(rowSeries('r', ['v'], new Float32Array(9), { chunk: 2, holdout: 0 }), 4)).toBe('row 5');
  });
});

describe(predictChunk, () => {
  it('feeds the earlier chunks too, to carry the state over', async () => {
    const scene = await predictChunk(model.sequence, sineSeries(20), 2);
    expect(scene.start).toBe(40);
    expect(scene.x[0]).toBeCloseTo(0, 6);
    expect(scene.y[0]).toBe(scene.x[1]);
    const alone = await predictChunk(model.sequence, sineSeries(20), 0);
    // With a state that was carried the net is right from the first sample on; from zeros it is not yet.
    expect(Math.abs(scene.prediction[0] - scene.y[0])).toBeLessThan(
      Math.abs(alone.prediction[0] - alone.y[0]),
    );
  });
});

describe(timeSample, () => {
  it('measures microseconds, more of them for a loop over the model', async () => {
    const prompt = cut(sineSeries(20), 0, 20);
    const inGraph = await timeSample(model, prompt);
    const loop = await timeSample({ ...model, generator: null }, prompt);
    expect(inGraph).toBeGreaterThan(0);
    expect(loop).toBeGreaterThan(inGraph);
  });
});

const pace = { samples: 400, speed: 40 };

describe(advance, () => {
  it('grows by speed times time', () => {
    expect(advance(10, 400, 0.05, pace)).toBe(12);
  });

  it('waits for what is not computed yet, and ends at the last sample', () => {
    expect(advance(10, 11, 0.05, pace)).toBe(11);
    expect(advance(399.5, 1000, 0.05, pace)).toBe(400);
  });

  it('does not jump after the page was in the background', () => {
    expect(advance(10, 400, 60, pace)).toBe(14);
  });

  it('shows all there is when there is no speed', () => {
    expect(advance(0, 300, 0, { samples: 400, speed: Infinity })).toBe(300);
  });
});

describe(samplesToCompute, () => {
  it('keeps a reserve, in pieces of twice its size', () => {
    expect(samplesToCompute(0, 0, pace)).toBe(64);
    expect(samplesToCompute(0, 64, pace)).toBe(0);
    expect(samplesToCompute(40, 64, pace)).toBe(64);
  });

  it('keeps a larger reserve at a higher speed', () => {
    expect(samplesToCompute(0, 0, { samples: 10_000, speed: 1000 })).toBe(800);
  });

  it('computes no more than the requested samples, and all of them without a speed', () => {
    expect(samplesToCompute(360, 380, pace)).toBe(20);
    expect(samplesToCompute(390, 400, pace)).toBe(0);
    expect(samplesToCompute(0, 0, { samples: 400, speed: Infinity })).toBe(400);
  });
});
