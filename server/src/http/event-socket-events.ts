import { counter, gauge } from '../platform/telemetry.ts';

const open = gauge('event_sockets', 'Sockets on which events are told.');
const frames = counter('event_frames_total', 'Frames of events sent, by the line they left on.', ['line']);
const closed = counter('event_sockets_closed_total', 'Sockets of events that ended, by who or what ended them.', ['reason']);

/** `left`: by the other side; `silent`: no answer to a ping; `slow`: too much was waiting for it; `spoke`: it sent something; `renewed`: its time was over. */
export type SocketEnd = 'left' | 'renewed' | 'silent' | 'slow' | 'spoke' | 'stopped';

export function socketOpened(): void {
  open.inc();
}

export function socketClosed({ reason }: { reason: SocketEnd }): void {
  open.dec();
  closed.inc({ reason });
}

export function frameSent({ line }: { line: 'socket' | 'poll' }): void {
  frames.inc({ line });
}
