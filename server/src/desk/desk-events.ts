import { counter } from '../platform/telemetry.ts';

const missed = counter('desk_deadlines_missed_total', 'Deadlines of conversations that were missed.', ['deadline']);
const moved = counter('desk_moves_total', 'Conversations that were assigned, given back or closed by themselves.', ['move']);

export function deadlinesMissed(deadlines: readonly string[]): void {
  for (const deadline of deadlines) missed.inc({ deadline });
}

export function movedByItself(move: 'assigned' | 'idle' | 'offline' | 'closed'): void {
  moved.inc({ move });
}
