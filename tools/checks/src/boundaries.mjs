/**
 * The libraries that each library may import, by the scope tags in the "nx" block of their package.json. Apps and tools may import
 * every library.
 *
 * Training and exporter never import each other: the trainer app joins them. Serving and grpc-server never import each other: the
 * server app joins them.
 */
export const allowedScopes = {
  contract: [],
  series: ['contract'],
  kernels: ['contract'],
  nets: ['kernels', 'contract'],
  training: ['nets', 'kernels', 'series', 'contract'],
  forecasting: ['training', 'nets', 'kernels', 'exporter', 'series', 'contract'],
  'tfjs-native': ['nets', 'kernels', 'contract'],
  onnx: ['contract'],
  exporter: ['onnx', 'contract'],
  runtime: ['contract'],
  'runtime-node': ['runtime', 'contract'],
  'runtime-web': ['runtime', 'contract'],
  'runtime-chromium': ['runtime', 'contract'],
  protocol: ['contract'],
  serving: ['runtime-node', 'runtime', 'protocol', 'onnx', 'contract'],
  'grpc-server': ['contract'],
};

export const depConstraints = [
  { sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:lib'] },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
  {
    sourceTag: 'platform:any',
    onlyDependOnLibsWithTags: ['platform:any'],
    // Platform-independent: no Node built-ins and no runtime of a single platform.
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
  // The transport and its framework stay in the server app.
  {
    sourceTag: 'scope:serving',
    bannedExternalImports: ['fastify', '@fastify/*', 'node:http', 'node:http2', 'node:net'],
  },
  { sourceTag: 'scope:grpc-server', bannedExternalImports: ['fastify', '@fastify/*', '@grpc/grpc-js'] },
  ...['onnx', 'exporter', 'runtime', 'protocol', 'contract', 'series'].map((scope) => ({
    sourceTag: `scope:${scope}`,
    bannedExternalImports: ['@tensorflow/*'],
  })),
  ...Object.entries(allowedScopes).map(([scope, allowed]) => ({
    sourceTag: `scope:${scope}`,
    onlyDependOnLibsWithTags: allowed.map((name) => `scope:${name}`),
  })),
];
