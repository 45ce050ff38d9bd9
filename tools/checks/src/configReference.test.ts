import { describe, expect, it } from 'vitest';
import { configReference } from './configReference.ts';

describe(configReference, () => {
  const files = configReference();
  const page = files['docs/configuration.md'];

  it('lists every key with values, default and meaning', () => {
    expect(page).toContain(
      '| `units` | whole number from 1 to 8192 | `32` | Units of each recurrent layer. |',
    );
    expect(page).toContain(
      '| `horizon` | whole number from 1 to 10000 | required | Number of samples to forecast. |',
    );
    expect(page).toContain('### `data` with `kind: csv`');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    // Each key is described.
    expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([]);
  });

  it('accepts the four-key configuration in the JSON Schema', () => {
    const schema = JSON.parse(files['docs/schema/fit.schema.json']) as {
      required: string[];
      properties: { data: { oneOf: { properties: object; required: string[] }[] } };
    };
    expect(schema.required).toEqual(['name', 'data']);
    const csv = schema.properties.data.oneOf.find(({ properties }) => 'file' in properties);
    expect(csv?.required).toEqual(['file', 'columns']);
  });
});
