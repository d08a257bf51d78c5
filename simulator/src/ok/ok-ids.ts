/** An id without its prefix; OK writes prefixes in either case (`USER:1`, `user:1`), and bare in some places. */
export function bareId(id: string): string {
  return id.replace(/^(?:user|group|chat|mid):/i, '');
}

/** Whether the id has this prefix, in either case. */
export function hasPrefix(id: string, prefix: 'user' | 'group' | 'chat' | 'mid'): boolean {
  return id.toLowerCase().startsWith(`${prefix}:`);
}
