import { runEveryCell } from './every-cell.ts';
import { OK_REST } from './ok-rest-rows.ts';

runEveryCell(OK_REST);
