import { describe, expect, it } from 'vitest';
import { cudaRemedy } from './cuda.ts';

describe(cudaRemedy, () => {
  it('names the pip packages of the missing libraries, each once, and the driver', () => {
    expect(cudaRemedy(['libcublas.so.13', 'libcublasLt.so.13', 'libcudnn.so.9', 'libcuda.so.1'])).toBe(
      "install NVIDIA's driver for CUDA 13 (release 580 or newer) on a machine with such a GPU; install CUDA 13 and cuDNN 9, or run python3 -m pip install nvidia-cublas~=13.0 nvidia-cudnn-cu13~=9.0 and add the lib folders (site-packages/nvidia/*/lib) to LD_LIBRARY_PATH",
    );
  });

  it('names an unknown library by its file', () => {
    expect(cudaRemedy(['libstdc++.so.6'])).toBe('install the package that contains libstdc++.so.6');
  });
});
