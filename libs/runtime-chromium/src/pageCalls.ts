import { typedArrays } from '@onda/contract';
import { runtimeTensor } from '@onda/runtime';
import type { RuntimeTensor, TensorInfo } from '@onda/runtime';
import type { Page } from 'playwright-core';

/** A tensor as a call to the page carries it. */
export interface PageTensor {
  readonly type: string;
  readonly dims: number[];
  /** Bytes in base64; of the type string the texts themselves. */
  readonly values: string | string[];
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
  if (Array.isArray(data)) return { type, dims: [...dims], values: data };
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { type, dims: [...dims], values: bytes.toString('base64') };
}

/** @throws ModelError for a type that JavaScript has no list for */
export function fromPage({ name, type, dims, values }: PageTensor & { name: string }): RuntimeTensor {
  if (typeof values !== 'string') return runtimeTensor(name, { type, dims, data: values });
  const { buffer } = Uint8Array.from(Buffer.from(values, 'base64'));
  // Their constructors take a buffer as well as the length that they are typed with.
  const List = type in typedArrays ? typedArrays[type as keyof typeof typedArrays] : Uint8Array;
  return runtimeTensor(name, { type, dims, data: new List(buffer as unknown as number) });
}
