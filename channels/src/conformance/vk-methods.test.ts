import { runEveryCell } from './every-cell.ts';
import { VK } from './vk-rows.ts';

runEveryCell(VK);
