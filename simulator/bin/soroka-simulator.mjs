#!/usr/bin/env node
import { ensureNode24 } from '../../scripts/node24.mjs';

await ensureNode24(import.meta.url);
const { main } = await import('../src/main.ts');
await main();
