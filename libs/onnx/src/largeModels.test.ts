import { describe, expect, it } from 'vitest';
import { checkModel } from './checkModel.ts';
import type { Graph, Model, Node } from './graph.ts';
import { attribute, floatTensor } from './graph.ts';
import { printModel } from './printModel.ts';
import { exampleModel } from './testing/exampleModel.ts';

/** Large enough that quadratic algorithms would take hours, but within the reader's limits. */
const many = 200_000;

const list = <T>(make: (index: number) => T): T[] => Array.from({ length: many }, (_, index) => make(index));
const node = (index: number, part: Partial<Node>): Node => ({
  name: `n${index}`,
  op: 'Identity',
  domain: '',
  inputs: [],
  outputs: [],
  attributes: {},
  ...part,
});
const info = (name: string) => ({ name, type: 'float32' as const, shape: null });
const withGraph = (graph: Partial<Graph>): Model => {
  const empty = { name: 'g', inputs: [], outputs: [], nodes: [], initializers: [], values: [] };
  return { ...exampleModel(), graph: { ...empty, ...graph } };
};

describe('large models are looked through once', () => {
  it('with as many constants as recurrent nodes', () => {
    const row = floatTensor('', [1], Float32Array.of(1));
    const hidden = { hidden_size: attribute.int(1) };
    const model = withGraph({
      initializers: list((index) => ({ ...row, name: `w${index}` })),
      nodes: list((index) =>
        node(index, { op: 'RNN', inputs: ['', `w${many - 1 - index}`], attributes: hidden }),
      ),
    });
    const problems = checkModel(model);
    expect(problems[0]).toBe('node "n0" (RNN): W: expected shape [1, 1, features], got [1]');
    expect(problems).toHaveLength(1001);
    expect(problems[1000]).toBe('more than 1000 problems; the others are left out');
  });

  it('with a graph inside each node, that sees all names outside', () => {
    const body = attribute.graph({
      ...withGraph({ outputs: [info('seen')] }).graph,
      nodes: [node(0, { inputs: ['x'], outputs: ['seen'] })],
    });
    const nodes = list((index) =>
      node(index, { inputs: ['x'], outputs: [`y${index}`], attributes: { body } }),
    );
    expect(checkModel(withGraph({ inputs: [info('x')], nodes }))).toEqual([]);
  });

  it('with as many outputs as inputs, inside a graph that has them too', () => {
    const infos = list((index) => info(`x${index}`));
    const body = attribute.graph({ ...withGraph({ outputs: infos }).graph });
    const model = withGraph({ inputs: infos, nodes: [node(0, { attributes: { body } })] });
    expect(checkModel(model)[0]).toBe('graph "g": output "x0" is not defined in it');
  });

  it('and printed up to a bound', () => {
    const name = 'a'.repeat(199);
    const nodes = list((index) => node(index, { inputs: [name], outputs: [`${name.slice(6)}${index}`] }));
    const lines = printModel(withGraph({ nodes })).split('\n');
    expect(lines.at(-2)).toBe('... cut after 33554432 characters');
    expect(lines.length).toBeLessThan(many);
    const wide = node(0, { op: 'Concat', inputs: list((index) => `x${index}`) });
    expect(printModel(withGraph({ nodes: [wide] }))).toContain(`x98, x99, ... ${many - 100} more)`);
  });

  it('and a long or strange name is cut and quoted in a problem', () => {
    const [problem] = checkModel(withGraph({ outputs: [info(`\u001b[2J${'long'.repeat(1000)}`)] }));
    expect(problem).toMatch(/^graph "g": output "\\u001b\[2J(long)+"\.\.\. is not defined in it$/);
    expect(problem.length).toBeLessThan(300);
  });
});
