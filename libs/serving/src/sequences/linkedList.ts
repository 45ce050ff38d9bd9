/** A node of a linked list. */
export interface ListNode<Item> {
  readonly item: Item;
  previous: ListNode<Item> | undefined;
  next: ListNode<Item> | undefined;
}

/**
 * A doubly linked list: appending, moving to the end and removing take constant time.
 *
 * A Map keeps an insertion order too, but a deleted entry leaves a hole that iteration passes over until the table is rebuilt.
 */
export class LinkedList<Item> {
  #first: ListNode<Item> | undefined;
  #last: ListNode<Item> | undefined;

  get first(): ListNode<Item> | undefined {
    return this.#first;
  }

  append(item: Item): ListNode<Item> {
    const node: ListNode<Item> = { item, previous: undefined, next: undefined };
    this.#link(node);
    return node;
  }

  moveToEnd(node: ListNode<Item>): void {
    if (node === this.#last) return;
    this.remove(node);
    this.#link(node);
  }

  remove(node: ListNode<Item>): void {
    const { previous, next } = node;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    node.previous = undefined;
    node.next = undefined;
  }

  #link(node: ListNode<Item>): void {
    node.previous = this.#last;
    if (this.#last) this.#last.next = node;
    else this.#first = node;
    this.#last = node;
  }
}
