import { describe, expect, it } from 'vitest';
import { cudaRemedy } from './cudaLibraries.mjs';

describe(cudaRemedy, () => {
  it('names the pip packages of what is missing, each once, and the driver', () => {
    expect(cudaRemedy(['libcublas.so.13', 'libcublasLt.so.13', 'libcudnn.so.9', 'libcuda.so.1'])).toBe(
      "install NVIDIA's driver for CUDA 13 (release 580 or newer) on a machine with such a GPU; install CUDA 13 and cuDNN 9, or: python3 -m pip install nvidia-cublas~=13.0 nvidia-cudnn-cu13~=9.0, and name their lib folders (site-packages/nvidia/*/lib) in LD_LIBRARY_PATH",
    );
  });

  it('names a library that it does not know as it is', () => {
    expect(cudaRemedy(['libstdc++.so.6'])).toBe('install what brings libstdc++.so.6');
  });
});
