/** Where an item stands in an order. */
export interface Place<Item> {
  readonly item: Item;
  before: Place<Item> | undefined;
  after: Place<Item> | undefined;
}

/**
 * Items one after the other, each of which can go to the end or leave in the same short time, however many there are. A Map keeps an
 * order too, but leaves holes where items were, which it passes over again at each look and closes all at once.
 */
export class Order<Item> {
  #first: Place<Item> | undefined;
  #last: Place<Item> | undefined;

  /** The first one; `after` leads to the next. */
  get first(): Place<Item> | undefined {
    return this.#first;
  }

  /** Puts an item at the end. */
  add(item: Item): Place<Item> {
    const place: Place<Item> = { item, before: undefined, after: undefined };
    this.#append(place);
    return place;
  }

  toEnd(place: Place<Item>): void {
    if (place === this.#last) return;
    this.remove(place);
    this.#append(place);
  }

  remove(place: Place<Item>): void {
    const { before, after } = place;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    place.before = undefined;
    place.after = undefined;
  }

  #append(place: Place<Item>): void {
    place.before = this.#last;
    if (this.#last) this.#last.after = place;
    else this.#first = place;
    this.#last = place;
  }
}
