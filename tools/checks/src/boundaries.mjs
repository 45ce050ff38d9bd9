/**
 * Who may import whom, by the tags in each package.json's "nx" block.
 *
 * apps -> everything; training -> nets, series, contract; exporter -> onnx, contract;
 * runtime-node, runtime-web and runtime-chromium -> runtime -> contract; nets, series, protocol -> contract; tfjs-native -> nets.
 * Training and exporter never import each other: the trainer app joins them.
 */
const scopes = {
  contract: [],
  series: ['contract'],
  nets: ['contract'],
  training: ['nets', 'series', 'contract'],
  'tfjs-native': ['nets', 'contract'],
  onnx: ['contract'],
  exporter: ['onnx', 'contract'],
  runtime: ['contract'],
  'runtime-node': ['runtime', 'contract'],
  'runtime-web': ['runtime', 'contract'],
  'runtime-chromium': ['runtime', 'contract'],
  protocol: ['contract'],
  serving: ['runtime', 'runtime-node', 'protocol', 'onnx', 'contract'],
};

export const depConstraints = [
  { sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:lib'] },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
  {
    sourceTag: 'platform:any',
    onlyDependOnLibsWithTags: ['platform:any'],
    // A library for every platform may not reach for one: no Node built-ins, no runtime of one place.
    bannedExternalImports: [
      'node:*',
      'onnxruntime-node',
      'onnxruntime-web',
      '@tensorflow/tfjs-node',
      'fastify',
    ],
  },
  {
    sourceTag: 'platform:web',
    onlyDependOnLibsWithTags: ['platform:any', 'platform:web'],
    bannedExternalImports: ['node:*', 'onnxruntime-node', '@tensorflow/tfjs-node', 'fastify'],
  },
  { sourceTag: 'platform:node', onlyDependOnLibsWithTags: ['platform:any', 'platform:node', 'platform:web'] },
  ...['onnx', 'exporter', 'runtime', 'protocol', 'contract', 'series'].map((scope) => ({
    sourceTag: `scope:${scope}`,
    bannedExternalImports: ['@tensorflow/*'],
  })),
  ...Object.entries(scopes).map(([scope, allowed]) => ({
    sourceTag: `scope:${scope}`,
    onlyDependOnLibsWithTags: allowed.map((name) => `scope:${name}`),
  })),
];
