/** One recurrent unit, h_t = tanh(w x_t + r h_(t-1) + b): its values can be computed without a runtime. */
const [w, r, b] = [0.8, -0.5, 0.1];

const specs = [
  { name: 'rnn/kernel', shape: [1, 1], dtype: 'float32' },
  { name: 'rnn/recurrent_kernel', shape: [1, 1], dtype: 'float32' },
  { name: 'rnn/bias', shape: [1], dtype: 'float32' },
];

const config = {
  name: 'rnn',
  units: 1,
  return_sequences: true,
  batch_input_shape: [null, null, 1],
  dtype: 'float32',
};

/** A file as a user gives it to the page. */
export interface PickedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const picked = (name: string, mimeType: string, data: string | Uint8Array): PickedFile => ({
  name,
  mimeType,
  buffer: Buffer.from(data as Uint8Array),
});

/** The files of TensorFlow.js's `model.save('downloads://model')`: model.json and its weights. */
export function savedModel(className = 'SimpleRNN'): [document: PickedFile, weights: PickedFile] {
  const document = {
    format: 'layers-model',
    modelTopology: {
      class_name: 'Sequential',
      config: { name: 'own', layers: [{ class_name: className, config }] },
    },
    weightsManifest: [{ paths: ['./model.weights.bin'], weights: specs }],
  };
  const weights = new Uint8Array(Float32Array.of(w, r, b).buffer);
  return [
    picked('model.json', 'application/json', JSON.stringify(document)),
    picked('model.weights.bin', 'application/octet-stream', weights),
  ];
}

/** The model's values for a sequence. */
export function expectedValues(x: readonly number[]): number[] {
  let h = 0;
  return x.map((value) => (h = Math.tanh(w * value + r * h + b)));
}
