import type { Sampling } from '@onda/contract';
import { attribute, floatTensor } from '@onda/onnx';
import { axis } from '../graph/axis.ts';
import { cast } from '../graph/cast.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { scalar } from '../graph/scalar.ts';
import type { Dim, Value } from '../graph/value.ts';

/** Whether the model takes the fed value as features, or as the number of a word: the type of that input. */
export type FedForm = { readonly features: number } | { readonly words: 'float32' | 'int32' };

/**
 * Adds what makes a model's outputs the values that are fed back.
 *
 * @param raw   [batch, time, outputs]
 * @param entry [batch, time, entry width], of drawEntries; null where nothing is drawn
 * @returns [batch, time, features], or [batch, time] for words
 */
export function drawHead(
  builder: GraphBuilder,
  sampling: Sampling | null,
  form: FedForm,
  raw: Value,
  entry: Value | null,
): Value {
  if (sampling === null) return raw;
  const [batch, time, outputs] = raw.shape;
  if (sampling.kind === 'categorical') {
    const scored = entry === null ? raw : scores(builder, sampling, raw, entry);
    const like = { shape: [batch, time], type: 'int64' as const };
    const chosen = builder.single('draw/class', 'ArgMax', [scored], like, {
      axis: attribute.int(2),
      keepdims: attribute.int(0),
    });
    return 'words' in form
      ? cast(builder, 'draw/word', chosen, form.words)
      : oneHot(builder, chosen, Number(outputs));
  }
  const features = Number(outputs) / (sampling.kind === 'gaussian' ? 2 : sampling.levels.length);
  const shape: Dim[] = [batch, time, features];
  if (sampling.kind === 'gaussian') {
    const [mean, s] = builder.node({
      name: 'draw/blocks',
      op: 'Split',
      inputs: [raw, builder.integers([features, features])],
      outputs: [
        { part: 'mean', shape },
        { part: 'log_variance', shape },
      ],
      attributes: axis(2),
    });
    const half = builder.single('draw/half', 'Mul', [s, scalar(builder, 0.5)], { shape });
    const deviation = builder.single('draw/deviation', 'Exp', [half], { shape });
    const away = builder.single('draw/away', 'Mul', [deviation, entry as Value], { shape });
    return builder.single('draw/value', 'Add', [mean, away], { shape });
  }
  const weighted = builder.single('draw/weighted', 'Mul', [raw, entry as Value], raw);
  const blocks = builder.node({
    name: 'draw/levels',
    op: 'Split',
    inputs: [weighted, builder.integers(sampling.levels.map(() => features))],
    outputs: sampling.levels.map((_, index) => ({ part: String(index), shape })),
    attributes: axis(2),
  });
  return builder.single('draw/value', 'Sum', blocks, { shape });
}

/** log p / temperature + Gumbel noise; the class with the greatest is drawn with probability p^(1 / temperature), normalised. */
function scores(
  builder: GraphBuilder,
  { from, temperature }: Extract<Sampling, { kind: 'categorical' }>,
  raw: Value,
  entry: Value,
): Value {
  const logits = from === 'logits' ? raw : builder.single('draw/log', 'Log', [raw], raw);
  const tempered =
    temperature === 1
      ? logits
      : builder.single('draw/tempered', 'Div', [logits, scalar(builder, temperature)], raw);
  return builder.single('draw/scores', 'Add', [tempered, entry], raw);
}

function oneHot(builder: GraphBuilder, chosen: Value, classes: number): Value {
  const pair = builder.shared('draw/off_on', () => floatTensor('draw/off_on', [2], Float32Array.of(0, 1)));
  const inputs = [chosen, builder.integer(classes), pair];
  return builder.single('draw/one_hot', 'OneHot', inputs, { shape: [...chosen.shape, classes] }, axis(-1));
}
