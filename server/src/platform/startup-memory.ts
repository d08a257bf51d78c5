import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/**
 * Gives back what only the start needed: sources, syntax trees and schemas on their way to code. V8 keeps those pages otherwise for as
 * long as little happens, and a server that waits takes 30 MiB more (docs/decisions/0008-what-one-message-costs.md). Stands still for
 * about 0.1 s: for the moment before traffic comes.
 */
export function giveBackStartupMemory(): void {
  setFlagsFromString('--expose-gc'); // Node has no other way to it
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
