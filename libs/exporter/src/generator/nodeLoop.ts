import { attribute, floatTensor } from '@onda/onnx';
import { INT_MAX_SLICE_END, axis } from '../graph/ops.ts';
import { emitReadout } from '../model/netGraph.ts';
import { emitRecurrent, recurrentConstants } from '../recurrent/recurrentNode.ts';
import type { ClosedLoop } from './closedLoop.ts';
import { closedLayer } from './foldReadout.ts';

/**
 * The closed loop of a one-layer RNN or LSTM with lag 1 as one RNN or LSTM node whose recurrent weights contain the read-out: the graph
 * has no loop.
 */
export const nodeLoop: ClosedLoop = (builder, { net, constants, prompt, samples, batch }) => {
  const [layer] = net.layers;
  const { units } = net.spec;
  const weights = closedLayer(layer, net.readout);
  const name = `loop/${layer.name}`;
  const zero = builder.integers([0]);

  // The prompt's last output is the first sample, so one less is fed; the node also runs over zero samples.
  const more = builder.single('loop/more', 'Sub', [samples, builder.integers([1])], {
    shape: [1],
    type: 'int64',
  });
  const fed = builder.single('loop/fed', 'Max', [more, builder.integers([0])], { shape: [1], type: 'int64' });
  const shape = builder.single(
    'loop/shape',
    'Concat',
    [fed, batch, builder.integers([1])],
    { shape: [3], type: 'int64' },
    axis(0),
  );
  const nothing = builder.single(
    'loop/nothing',
    'ConstantOfShape',
    [shape],
    { shape: ['fed', 'batch', 1] },
    {
      value: attribute.tensor(floatTensor('', [1], new Float32Array(1))),
    },
  );
  const run = emitRecurrent(builder, {
    name,
    directions: [weights],
    constants: recurrentConstants(builder, name, [weights]),
    x: { ...nothing, timeMajor: true },
    states: prompt.states[0],
  });
  const y = builder.single(`${name}/squeeze`, 'Squeeze', [run.y, builder.integers([1])], {
    shape: ['fed', 'batch', units],
    timeMajor: true,
  });
  const h = builder.single(
    'loop/h',
    'Concat',
    [prompt.states[0].h, y],
    { shape: ['run', 'batch', units], timeMajor: true },
    axis(0),
  );
  const wanted = builder.single('loop/wanted', 'Slice', [h, zero, samples, zero], {
    shape: ['samples', 'batch', units],
    timeMajor: true,
  });

  const outputs = emitReadout(builder, net, constants, '', wanted);
  // Over zero samples a node outputs zeros as final states, not its initial states.
  const last = builder.single(
    'loop/last_h',
    'Slice',
    [h, builder.integers([-1]), builder.integers([INT_MAX_SLICE_END]), builder.integers([0])],
    { shape: [1, 'batch', units] },
  );
  const { c: start } = prompt.states[0];
  const { c: end } = run.states;
  if (start === undefined || end === undefined) {
    return { y: outputs, states: [{ h: last }] };
  }
  const ran = builder.single('loop/ran', 'Greater', [fed, builder.integers([0])], {
    shape: [1],
    type: 'bool',
  });
  const c = builder.single('loop/last_c', 'Where', [ran, end, start], { shape: [1, 'batch', units] });
  return { y: outputs, states: [{ h: last, c }] };
};
