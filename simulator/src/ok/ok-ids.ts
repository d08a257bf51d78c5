/**
 * OK's numbers for one message: `seq` is the time in milliseconds with a 16-bit counter behind it, `mid` names the chat and
 * repeats `seq` in hex. `seq` is a bigint because it is beyond 2^53: OK's own documentation prints it rounded.
 *
 * Source: contracts/ok.md 3.5, checked there on both examples of seed 002.
 */
export interface MessageNumbers {
  seq: bigint;
  mid: string;
}

/** `counter` tells apart the messages of one millisecond: 0..65535. */
export function messageNumbers(chatId: string, timestampMs: number, counter: number): MessageNumbers {
  const seq = (BigInt(timestampMs) << 16n) | BigInt(counter & 0xffff);
  return { seq, mid: `mid:${bareId(chatId)}.${seq.toString(16)}` };
}

/** The time in a `seq`, in milliseconds. */
export function timestampOf(seq: bigint): number {
  return Number(seq >> 16n);
}

/** An id without its prefix; OK writes prefixes in either case (`USER:1`, `user:1`), and bare in some places. */
export function bareId(id: string): string {
  return id.replace(/^(?:user|group|chat|mid):/i, '');
}

/** Whether the id has this prefix, in either case. */
export function hasPrefix(id: string, prefix: 'user' | 'group' | 'chat' | 'mid'): boolean {
  return id.toLowerCase().startsWith(`${prefix}:`);
}
