#!/usr/bin/env node
import { ensureNode24 } from '../../scripts/node24.mjs';

await ensureNode24(import.meta.url);
await import('../src/cli/cli.ts');
