import { describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { HeldBytes } from './heldBytes.ts';
import { inferenceBounds } from './messageBounds.ts';
import { MessageReader } from './messageReader.ts';

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
  it('takes the same messages in whatever pieces they come, and holds nothing in the end', () => {
    const lengths = [0, 1, 5, 300, 0, 70_000, 3];
    const bytes = framed(...lengths);
    for (const size of [1, 2, 7, 100, 5000, bytes.length]) {
      const held = new HeldBytes(inferenceBounds);
      const reader = new MessageReader(held);
      const got: [number, boolean][] = [];
      for (let at = 0; at < bytes.length; at += size) {
        reader.add(bytes.subarray(at, at + size));
        for (let message = reader.next(); message; message = reader.next()) {
          expect(message.bytes.every((byte) => byte === got.length + 1)).toBe(true);
          got.push([message.bytes.length, message.compressed]);
        }
        reader.keep();
      }
      expect(got).toEqual(lengths.map((length, index) => [length, index % 2 === 1]));
      expect([reader.left, held.bytes]).toEqual([0, 0]);
    }
  });

  it('holds no more than twice what came, whatever a prefix says', () => {
    const held = new HeldBytes(inferenceBounds);
    const reader = new MessageReader(held);
    const large = framed(limits.bodyBytes).subarray(0, 4000);
    for (let at = 0; at < large.length; at += 40) {
      reader.add(large.subarray(at, at + 40));
      expect(reader.next()).toBeUndefined();
      reader.keep();
    }
    expect(held.bytes).toBeLessThanOrEqual(8000 + 1024);
    reader.drop();
    expect(held.bytes).toBe(0);
  });

  it('refuses to hold more than all may, and takes what is whole', () => {
    const held = new HeldBytes(inferenceBounds);
    held.hold(limits.grpcHeldBytes - 100);
    const reader = new MessageReader(held);
    reader.add(framed(500));
    expect(reader.next()?.bytes).toHaveLength(500);
    reader.add(framed(500).subarray(0, 400));
    expect(reader.next()).toBeUndefined();
    expect(() => {
      reader.keep();
    }).toThrow(
      `messages that are not whole hold ${limits.grpcHeldBytes} bytes of the service already; send again later`,
    );
  });

  it('refuses what can be no message at once', () => {
    const reader = new MessageReader(new HeldBytes(inferenceBounds));
    reader.add(Buffer.of(2));
    expect(() => reader.next()).toThrow('expected 0 or 1 as its first byte, got 2');
    const other = new MessageReader(new HeldBytes(inferenceBounds));
    other.add(framed(0, limits.bodyBytes + 1).subarray(5, 10));
    expect(() => other.next()).toThrow(
      `expected at most ${limits.bodyBytes} bytes, got ${limits.bodyBytes + 1}`,
    );
  });
});
