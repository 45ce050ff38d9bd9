import { describe, expect, it } from 'vitest';
import { Circuit } from './circuit.ts';

describe(Circuit, () => {
  it('opens after consecutive failures, admits a test call later, and closes when that succeeds', () => {
    let now = 0;
    const circuit = new Circuit({ failures: 2, openMs: 100 }, () => now);
    circuit.failed();
    circuit.succeeded();
    circuit.failed();
    expect(circuit.admits()).toBe(true);
    circuit.failed();
    expect(circuit.admits()).toBe(false);
    expect(circuit.state).toBe('open');
    now = 100;
    expect(circuit.state).toBe('half-open');
    expect([circuit.admits(), circuit.admits()]).toEqual([true, false]);
    circuit.failed();
    expect(circuit.admits()).toBe(false);
    now = 200;
    expect(circuit.admits()).toBe(true);
    circuit.succeeded();
    expect(circuit.state).toBe('closed');
    expect([circuit.admits(), circuit.admits()]).toEqual([true, true]);
  });
});
