/** An answer with its JSON. */
export interface Answer<Body = { error: string }> {
  status: number;
  headers: Headers;
  body: Body;
}

export async function getJson<Body = { error: string }>(url: string): Promise<Answer<Body>> {
  const response = await fetch(url);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

/** @param body sent as it is when a string, else as JSON */
export async function post<Body = { error: string }>(
  url: string,
  body: unknown,
  init: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer<Body>> {
  const response = await fetch(url, {
    method: init.method ?? 'POST',
    headers: init.headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

export interface InferBody {
  model_name: string;
  model_version: string;
  id?: string;
  outputs: { name: string; shape: number[]; datatype: string; data: number[] }[];
}

/** An infer request for the example model: the values as one sequence, and its state. */
export function inferRequest(values: readonly number[], state: readonly number[] = zeros): object {
  return {
    inputs: [
      { name: 'x', shape: [1, values.length, 1], datatype: 'FP32', data: values },
      { name: 'state_in', shape: [1, 32], datatype: 'FP32', data: state },
    ],
  };
}

export const zeros: readonly number[] = Array.from({ length: 32 }, () => 0);

/** The first `count` samples of the lagged sine. */
export function sines(count: number): number[] {
  return Array.from({ length: count }, (_, sample) => Math.fround(Math.sin((sample * Math.PI) / 20)));
}
