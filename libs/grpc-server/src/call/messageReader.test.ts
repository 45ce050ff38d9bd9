import { describe, expect, it } from 'vitest';
import { SharedByteBudget } from '@onda/contract';
import { MessageReader } from './messageReader.ts';

const LIMIT = { maxMessageBytes: 1 << 20, messageSizeHint: 'send less' };
const BUDGET_BYTES = 4 << 20;

function framed(...lengths: number[]): Buffer {
  return Buffer.concat(
    lengths.map((length, index) => {
      const message = Buffer.alloc(5 + length, index + 1);
      message[0] = index % 2;
      message.writeUInt32BE(length, 1);
      return message;
    }),
  );
}

describe(MessageReader, () => {
  it('reads the same messages from pieces of any size, and releases all memory', () => {
    const lengths = [0, 1, 5, 300, 0, 70_000, 3];
    const bytes = framed(...lengths);
    for (const size of [1, 2, 7, 100, 5000, bytes.length]) {
      const budget = new SharedByteBudget(BUDGET_BYTES);
      const reader = new MessageReader(budget, '', LIMIT);
      const got: [number, boolean][] = [];
      for (let at = 0; at < bytes.length; at += size) {
        reader.add(bytes.subarray(at, at + size));
        for (let message = reader.next(); message; message = reader.next()) {
          expect(message.bytes.every((byte) => byte === got.length + 1)).toBe(true);
          got.push([message.bytes.length, message.isCompressed]);
        }
        reader.keep();
      }
      expect(got).toEqual(lengths.map((length, index) => [length, index % 2 === 1]));
      expect([reader.unreadBytes, budget.reserved]).toEqual([0, 0]);
    }
  });

  it('allocates at most twice what has arrived, whatever size a prefix announces', () => {
    const budget = new SharedByteBudget(BUDGET_BYTES);
    const reader = new MessageReader(budget, '', LIMIT);
    const large = framed(LIMIT.maxMessageBytes).subarray(0, 4000);
    for (let at = 0; at < large.length; at += 40) {
      reader.add(large.subarray(at, at + 40));
      expect(reader.next()).toBeUndefined();
      reader.keep();
    }
    expect(budget.reserved).toBeLessThanOrEqual(8000 + 1024);
    reader.drop();
    expect(budget.reserved).toBe(0);
  });

  it('refuses incomplete messages without budget, and reads complete ones', () => {
    const budget = new SharedByteBudget(BUDGET_BYTES);
    budget.reserve(BUDGET_BYTES - 100);
    const reader = new MessageReader(budget, '', LIMIT);
    reader.add(framed(500));
    expect(reader.next()?.bytes).toHaveLength(500);
    reader.add(framed(500).subarray(0, 400));
    expect(reader.next()).toBeUndefined();
    expect(() => {
      reader.keep();
    }).toThrow('the memory for messages is in use by other calls; retry later');
  });

  it('rejects an invalid prefix at once', () => {
    const reader = new MessageReader(new SharedByteBudget(BUDGET_BYTES), '', LIMIT);
    reader.add(Buffer.of(2));
    expect(() => reader.next()).toThrow('expected 0 or 1 as its first byte, got 2');
    const other = new MessageReader(new SharedByteBudget(BUDGET_BYTES), '', LIMIT);
    other.add(framed(0, LIMIT.maxMessageBytes + 1).subarray(5, 10));
    expect(() => other.next()).toThrow(
      `expected at most ${LIMIT.maxMessageBytes} bytes, got ${LIMIT.maxMessageBytes + 1}`,
    );
  });
});
