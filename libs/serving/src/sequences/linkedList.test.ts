import { describe, expect, it } from 'vitest';
import { LinkedList } from './linkedList.ts';

function itemsOf<Item>(list: LinkedList<Item>): Item[] {
  const items: Item[] = [];
  for (let node = list.first; node; node = node.next) items.push(node.item);
  return items;
}

describe(LinkedList, () => {
  it('keeps items in the order in which they were appended, moved to the end or removed', () => {
    const list = new LinkedList<string>();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((item) => list.append(item));
    list.moveToEnd(a);
    expect(itemsOf(list)).toEqual(['b', 'c', 'd', 'a']);
    list.moveToEnd(a);
    list.moveToEnd(c);
    expect(itemsOf(list)).toEqual(['b', 'd', 'a', 'c']);
    list.remove(b);
    list.remove(c);
    list.remove(d);
    expect(itemsOf(list)).toEqual(['a']);
    list.remove(a);
    expect(list.first).toBeUndefined();
    list.append('e');
    expect(itemsOf(list)).toEqual(['e']);
  });
});
