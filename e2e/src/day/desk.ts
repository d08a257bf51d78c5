import { randomUUID } from 'node:crypto';
import { ApiError } from '@soroka/api';
import { OPERATOR_SAYS, type Shop } from './shop.ts';

const LOOK_EVERY_MS = 100;

/** The operator's morning: takes whoever waits, answers, closes; until `isOver` and nobody waits any more. Survives a server that dies. Returns how many they were. */
export async function answerQueue(shop: Shop, isOver: () => boolean): Promise<number> {
  const keys = new Map<number, string>();
  for (;;) {
    const wasOver = isOver();
    try {
      const waiting = [...(await listed(shop, 'queue')), ...(await listed(shop, 'mine'))];
      for (const dialogId of waiting) {
        await answer(shop, dialogId, keys);
      }
      if (wasOver && waiting.length === 0) return keys.size;
    } catch (error) {
      // No answer, or one of a server that is going: the same is tried again, under the same key.
      if (error instanceof ApiError && error.status < 500) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function listed(shop: Shop, folder: 'queue' | 'mine'): Promise<number[]> {
  const { items } = await shop.operator().listDesk({ query: { folder, limit: 100 } });
  return items.map(({ dialog }) => dialog.id);
}

async function answer(shop: Shop, dialogId: number, keys: Map<number, string>): Promise<void> {
  const key = keys.get(dialogId) ?? randomUUID();
  keys.set(dialogId, key);
  const path = { dialogId };
  await shop.operator().changeDialogOwner({ path, body: { owner: shop.operatorId } });
  await shop.operator().sendReply({ path, headers: { 'Idempotency-Key': key }, body: { text: OPERATOR_SAYS } });
  await shop.operator().closeDialog({ path });
}
