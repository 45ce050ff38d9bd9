/** Groups of 16 bits of an address of IPv6, and of the part that names a network. */
const [GROUPS, OF_NETWORK] = [8, 4];
const MAPPED = /^::ffff:(?=\d+\.)/i;

/**
 * By what a client is told from others where there are no tokens: its address of IPv4, or the first 64 bits of one of IPv6, all of
 * whose addresses one household can use.
 *
 * @param address as Node has it: shortened, `2001:db8::1`
 */
export function networkOf(address: string): string {
  if (!address.includes(':') || MAPPED.test(address)) return address.replace(MAPPED, '');
  const [before, after] = address.split('%')[0].split('::') as [string, string | undefined];
  const first = groupsOf(before);
  if (after !== undefined) {
    const last = groupsOf(after);
    while (first.length + last.length < GROUPS) first.push('0');
    first.push(...last);
  }
  return first.slice(0, OF_NETWORK).join(':');
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}
