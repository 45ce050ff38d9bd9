/**
 * An element of the page by its id.
 *
 * @throws Error if it is missing or has another class: index.html and the code disagree
 */
export function find<E extends Element>(id: string, kind: abstract new (...args: never[]) => E): E {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`index.html: expected a ${kind.name} with the id "${id}"`);
}
