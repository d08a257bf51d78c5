import type { WorldEvents } from './world-events.ts';

export type Emit = <Name extends keyof WorldEvents>(name: Name, event: WorldEvents[Name]) => void;

/** Tells what happens to whoever wants to know. */
export interface Emitter {
  emit: Emit;
  /** The returned function ends it. */
  on<Name extends keyof WorldEvents>(name: Name, listener: (event: WorldEvents[Name]) => void): () => void;
}

export function createEmitter(): Emitter {
  const listeners = new Map<keyof WorldEvents, Set<(event: never) => void>>();
  return {
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) (listener as (of: typeof event) => void)(event);
    },
    on(name, listener) {
      const own = listeners.get(name) ?? new Set();
      listeners.set(name, own.add(listener));
      return () => own.delete(listener);
    },
  };
}
