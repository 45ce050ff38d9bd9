import '@tensorflow/tfjs-backend-cpu';
import { serialization } from '@tensorflow/tfjs-core';
import * as tfjs from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { modelClasses } from '../src/artifacts/modelSource.ts';
import { hasKeys } from '../src/layers/layerKeys.ts';
import { ruleOf } from '../src/layers/registry.ts';

describe(ruleOf, () => {
  it('knows every class of layers that TensorFlow.js can save', () => {
    const { Layer } = tfjs.layers;
    const known = Object.entries(serialization.SerializationMap.getMap().classNameMap)
      .filter(([, [constructor]]) => (constructor as { prototype: unknown }).prototype instanceof Layer)
      .map(([name]) => name);
    const apart = new Set(['InputLayer', ...modelClasses]);
    // Cells are parts of recurrent layers.
    const saved = known.filter((name) => !apart.has(name) && !/Cells?$/.test(name));
    expect(saved.length).toBeGreaterThan(50);
    for (const name of [...saved, 'OndaGRU', 'OndaLSTM', 'OndaRNN']) expect(ruleOf(name), name).toBeDefined();
    // Dropout and noise have no effect at inference; RandomWidth is rejected.
    const plain = saved.filter((name) => !/Dropout|Noise|^RandomWidth$|^SpatialDropout/.test(name));
    expect(plain.filter((name) => !hasKeys(name))).toEqual([]);
  });
});
