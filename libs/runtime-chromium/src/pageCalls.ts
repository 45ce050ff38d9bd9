import type { RuntimeTensor, TensorInfo } from '@onda/runtime';
import type { Page } from 'playwright-core';

/** A tensor as a call to the page carries it. */
export interface PageTensor {
  readonly type: string;
  readonly dims: number[];
  readonly base64: string;
}

type Answer<T> = { readonly value: T } | { readonly error: string };

interface InPage {
  onda?: {
    version: string;
    load(address: string): Promise<Answer<{ id: number; inputs: TensorInfo[]; outputs: TensorInfo[] }>>;
    run(call: {
      id: number;
      feeds: Record<string, PageTensor>;
      fetches: readonly string[];
    }): Promise<Answer<(PageTensor & { name: string })[]>>;
    release(id: number): Promise<Answer<undefined>>;
  };
}

type Calls = NonNullable<InPage['onda']>;

/** Calls one of the page's functions. The text of an error comes as it is in the page. */
export async function callPage<Name extends 'load' | 'run' | 'release'>(
  page: Page,
  name: Name,
  argument: Parameters<Calls[Name]>[0],
): Promise<Awaited<ReturnType<Calls[Name]>>> {
  const answer: unknown = await page.evaluate(
    ([called, given]) => {
      const { onda } = globalThis as unknown as { onda: Record<string, (value: unknown) => unknown> };
      return onda[called](given);
    },
    [name, argument] as const,
  );
  return answer as Awaited<ReturnType<Calls[Name]>>;
}

/** Waits until the page is ready; the version of onnxruntime-web in it. */
export async function pageVersion(page: Page): Promise<string> {
  await page.waitForFunction(() => 'onda' in globalThis);
  return page.evaluate(() => (globalThis as InPage).onda?.version ?? 'of unknown version');
}

export function toPage({ type, dims, data }: RuntimeTensor): PageTensor {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { type, dims: [...dims], base64: bytes.toString('base64') };
}

/** Null for a type that runtimes do not exchange. */
export function fromPage({ type, dims, base64 }: PageTensor): RuntimeTensor | null {
  const { buffer } = Uint8Array.from(Buffer.from(base64, 'base64'));
  if (type === 'float32') return { type, dims, data: new Float32Array(buffer) };
  if (type === 'int64') return { type, dims, data: new BigInt64Array(buffer) };
  return null;
}
