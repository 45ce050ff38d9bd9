import type { CellKind } from '@onda/contract';
import { floatTensor } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { NetLayer, Readout } from '../net/net.ts';
import { emitFunction } from '../recurrent/emitFunction.ts';
import type { ClosedGates } from './closedGates.ts';
import { closedGates } from './closedGates.ts';

/** States of the only layer, [batch, units]; c of an lstm. */
export interface CellRows {
  readonly h: Value;
  readonly c?: Value | undefined;
}

/**
 * Adds one sample of the closed loop of a one-layer net, its cell spelled out: products of h for the gates, the read-out in them. From
 * some rows on that is faster than the RNN, LSTM or GRU node, whose kernels have two microseconds of their own.
 *
 * @param body of the Scan
 * @returns the states after the sample, and y, [batch, outputs or more]: its first columns are the values read out before the sample
 */
export function closedCell(
  body: GraphBuilder,
  layer: NetLayer,
  readout: Readout,
  states: CellRows,
): { states: CellRows; y: Value } {
  const cell = new Cell(body, `loop/${layer.name}`, closedGates(layer, readout));
  const { x, ...after }: CellRun = cells[layer.weights.cell](cell, states);
  return { states: after, y: x ?? cell.readout(states.h, readout) };
}

/** States after a sample, and (x, 1) where the cell has a product for it. */
type CellRun = CellRows & { readonly x?: Value };

const cells = {
  /** h' = act(A h) */
  rnn: (cell, { h }) => {
    const [sum] = cell.parts(h);
    return { h: cell.activate('', 0, sum) };
  },
  /** c' = f c + i g, h' = o act(c') */
  lstm: (cell, { h, c }) => {
    const [i, o, f, g] = cell.parts(h);
    const kept = cell.node('kept', 'Mul', [cell.activate('forget', 0, f), c as Value]);
    const added = cell.node('added', 'Mul', [cell.activate('input', 0, i), cell.activate('candidate', 1, g)]);
    const next = cell.node('c', 'Add', [kept, added]);
    const shown = cell.activate('shown', 2, next);
    return { h: cell.node('', 'Mul', [cell.activate('output', 0, o), shown]), c: next };
  },
  /** n = act(W x + r u), where u = R h, or n = act(R (r h) + w), where w is W x; then h' = n + z (h - n) */
  gru: (cell, { h }) => {
    const [z, r, part, x] = cell.parts(h);
    const reset = cell.activate('reset', 0, r);
    const byInput = cell.gates.candidate?.kind === 'input';
    const sum = byInput
      ? cell.candidate(x, cell.node('reset_product', 'Mul', [reset, part]))
      : cell.candidate(cell.node('reset_h', 'Mul', [reset, h]), part);
    const candidate = cell.activate('candidate', 1, sum);
    const away = cell.node('away', 'Sub', [h, candidate]);
    const kept = cell.node('kept', 'Mul', [cell.activate('update', 0, z), away]);
    const next = { h: cell.node('', 'Add', [candidate, kept]) };
    return byInput ? { ...next, x } : next;
  },
} satisfies Record<CellKind, (cell: Cell, states: CellRows) => CellRun>;

/** Adds the nodes of one cell. Its weights stand in the body itself: ONNX Runtime does not pack those that stand two graphs further out. */
class Cell {
  readonly gates: ClosedGates;
  private readonly body: GraphBuilder;
  private readonly name: string;

  constructor(body: GraphBuilder, name: string, gates: ClosedGates) {
    this.body = body;
    this.name = name;
    this.gates = gates;
  }

  /** All that is computed of h alone: a Gemm each. One for all would have to be taken apart again, which costs more from two rows on. */
  parts(h: Value): Value[] {
    const { units, parts } = this.gates;
    return parts.map((part, index) => {
      const name = `gates/${index}`;
      const weights = [
        this.constant(`${name}/kernel`, [units, part.width], part.kernel),
        this.constant(`${name}/bias`, [part.width], part.bias),
      ];
      return this.body.single(`${this.name}/${name}`, 'Gemm', [h, ...weights], {
        shape: [h.shape[0], part.width],
      });
    });
  }

  /** The values that h gives. */
  readout(h: Value, { kernel, bias }: Readout): Value {
    const outputs = bias.length;
    const weights = [
      this.constant('readout/kernel', [this.gates.units, outputs], kernel),
      this.constant('readout/bias', [outputs], bias),
    ];
    return this.body.single(`${this.name}/readout`, 'Gemm', [h, ...weights], {
      shape: [h.shape[0], outputs],
    });
  }

  /** The candidate of a gru before its activation: value kernel + addend. */
  candidate(value: Value, addend: Value): Value {
    const { units, candidate } = this.gates;
    const kernel = candidate?.kernel ?? new Float32Array();
    const weights = this.constant('candidate/kernel', [kernel.length / units, units], kernel);
    return this.body.single(`${this.name}/sum`, 'Gemm', [value, weights, addend], addend);
  }

  node(part: string, op: string, inputs: readonly [Value, ...Value[]]): Value {
    return this.body.single(this.named(part), op, inputs, inputs[0]);
  }

  /** @param index of the activation in the operator's list */
  activate(part: string, index: number, value: Value): Value {
    return emitFunction(this.body, this.named(part), this.gates.activations[index], value);
  }

  private named(part: string): string {
    return part === '' ? this.name : `${this.name}/${part}`;
  }

  private constant(part: string, dims: readonly number[], data: Float32Array): string {
    return this.body.ownConstant(floatTensor(`${this.name}/${part}`, dims, data));
  }
}
