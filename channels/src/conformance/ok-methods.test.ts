import { runEveryCell } from './every-cell.ts';
import { OK } from './ok-rows.ts';

runEveryCell(OK);
