import { describe, expect, it } from 'vitest';
import { ClientByteBudget } from './clientByteBudget.ts';

describe(ClientByteBudget, () => {
  it('gives one client half of the bytes, and all clients no more than all', () => {
    const budget = new ClientByteBudget(100);
    expect(budget.reserve(50, 'a')).toBe(true);
    expect(budget.reserve(1, 'a')).toBe(false);
    expect(budget.reserve(30, 'b')).toBe(true);
    expect(budget.reserve(21, 'c')).toBe(false);
    expect(budget.reserve(20, 'c')).toBe(true);
    budget.release(50, 'a');
    expect(budget.reserved).toBe(50);
    expect(budget.reserve(50, 'a')).toBe(true);
  });
});
