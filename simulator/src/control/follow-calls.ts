import type { Call, World } from '../world/world.ts';

/** A call in a list; the whole of it is `GET /control/calls/{id}`. */
export type CallLine = Omit<Call, 'mono' | 'request' | 'answer'>;

const LINES_AT_ONCE_MAX = 200;
/** A call that hangs by a fault is never answered: only so many are looked after. */
const UNANSWERED_MAX = 100;

/** Gives, each time, the calls that came or were answered since the last time, oldest first; at first the newest ones. */
export function followCalls(world: World): { changes(): CallLine[] } {
  let lastId = 0;
  let unanswered: number[] = [];
  return {
    changes() {
      const answered = unanswered.map((id) => world.calls.byId(id)).filter((call) => call !== null && call.status !== 0);
      const came = world.calls.after(lastId, LINES_AT_ONCE_MAX);
      const isOpen = (id: number): boolean => world.calls.byId(id)?.status === 0;
      lastId = came.at(-1)?.id ?? lastId;
      unanswered = [...unanswered, ...came.map(({ id }) => id)].filter(isOpen).slice(-UNANSWERED_MAX);
      return [...answered, ...came].filter((call) => call !== null).map(lineOf);
    },
  };
}

function lineOf({ mono: _mono, request: _request, answer: _answer, ...line }: Call): CallLine {
  return line;
}
