// Loaded into a server before its program (`node --import`): its wall clock then runs by what the file of SOROKA_CHAOS_CLOCK says, in
// ms beside the true time. The monotonic clock and timers stay true, as when NTP steps a clock.
import { readFileSync, watchFile } from 'node:fs';

const LOOK_EVERY_MS = 50;
const file = process.env['SOROKA_CHAOS_CLOCK'] ?? '';
const TrueDate = Date;
let aheadMs = 0;
const look = (): void => {
  aheadMs = Number(readFileSync(file, 'utf8'));
};
look();
watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, look);

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [TrueDate.now() + aheadMs] : args, newTarget),
  get: (target, name, receiver) => (name === 'now' ? () => TrueDate.now() + aheadMs : Reflect.get(target, name, receiver)),
});
