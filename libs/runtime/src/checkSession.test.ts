import { describe, expect, it } from 'vitest';
import { checkSession } from './checkSession.ts';
import { fakeManifest, fakeSession } from './testing/fakeModel.ts';

const { model } = fakeManifest().tensors;

describe(checkSession, () => {
  it("takes a file whose tensors are the manifest's, whatever it calls its named dims", () => {
    const renamed = model.inputs.map((input) => ({
      ...input,
      shape: input.shape.map((dim) => (typeof dim === 'string' ? '' : dim)),
    }));
    expect(() => {
      checkSession(fakeSession(renamed), model, 'model.onnx');
    }).not.toThrow();
  });

  it('refuses a file with another fixed dim', () => {
    const [x, state] = model.inputs;
    expect(() => {
      checkSession(fakeSession([x, { ...state, shape: ['batch', 2] }]), model, 'model.onnx');
    }).toThrow(
      'model.onnx: input "state_in": the manifest says float32 [batch, 1], the file has float32 [batch, 2]; export the model again',
    );
  });

  it('refuses a file that lacks an output', () => {
    expect(() => {
      checkSession(fakeSession(model.inputs, model.outputs.slice(0, 1)), model, 'model.onnx');
    }).toThrow(
      'model.onnx: output "state_out": the manifest says float32 [batch, 1], the file has none; export the model again',
    );
  });

  it('refuses a file with an input that the manifest does not have', () => {
    const extra = { name: 'z', type: 'float32', shape: [1] };
    expect(() => {
      checkSession(fakeSession([...model.inputs, extra]), model, 'model.onnx');
    }).toThrow('model.onnx: input "z": the file has it, the manifest does not; export the model again');
  });
});
