import { runEveryCell } from './every-cell.ts';
import { NOTIFY } from './notify-rows.ts';

runEveryCell(NOTIFY);
