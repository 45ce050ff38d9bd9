import { describe, expect, it } from 'vitest';
import { Order } from './order.ts';

function itemsOf<Item>(order: Order<Item>): Item[] {
  const items: Item[] = [];
  for (let place = order.first; place; place = place.after) items.push(place.item);
  return items;
}

describe(Order, () => {
  it('keeps items in the order they came, went to the end, or left', () => {
    const order = new Order<string>();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((item) => order.add(item));
    order.toEnd(a);
    expect(itemsOf(order)).toEqual(['b', 'c', 'd', 'a']);
    order.toEnd(a);
    order.toEnd(c);
    expect(itemsOf(order)).toEqual(['b', 'd', 'a', 'c']);
    order.remove(b);
    order.remove(c);
    order.remove(d);
    expect(itemsOf(order)).toEqual(['a']);
    order.remove(a);
    expect(order.first).toBeUndefined();
    order.add('e');
    expect(itemsOf(order)).toEqual(['e']);
  });
});
