import { dirname, join, normalize } from 'node:path/posix';

/** What a workspace may import of ours. `fixtures` holds data only; the simulator is what tests speak to. */
interface WorkspaceRule {
  sources: readonly string[];
  tests: readonly string[];
}

/**
 * The layers between workspaces: an import only goes down. simulator and channels never meet: both would share one
 * misreading of the networks. e2e and bench use everything else only as running processes.
 */
export const WORKSPACES: Readonly<Record<string, WorkspaceRule>> = {
  api: { sources: [], tests: ['fixtures'] },
  channels: { sources: [], tests: ['fixtures', 'simulator'] },
  bot: { sources: [], tests: ['fixtures'] },
  simulator: { sources: ['fixtures'], tests: ['fixtures'] },
  fixtures: { sources: [], tests: [] },
  server: { sources: ['api', 'channels', 'bot'], tests: ['api', 'channels', 'bot', 'fixtures', 'simulator'] },
  client: { sources: ['api'], tests: ['api', 'fixtures'] },
  console: { sources: ['client', 'api'], tests: ['client', 'api', 'fixtures'] },
  mobile: { sources: ['client', 'api'], tests: ['client', 'api', 'fixtures'] },
  e2e: { sources: ['api', 'client', 'simulator', 'fixtures'], tests: ['api', 'client', 'simulator', 'fixtures'] },
  bench: { sources: ['api', 'simulator', 'fixtures'], tests: ['api', 'simulator', 'fixtures'] },
};

/** The order inside server/src, top first: a module may import its own line and those below. Cycles are forbidden anywhere. */
export const SERVER_ORDER: readonly (readonly string[])[] = [
  ['main.ts', 'start.ts', 'run-roles.ts', 'assemble.ts', 'cli'],
  ['demo', 'doctor'],
  ['http', 'intake'],
  ['inbox'],
  ['bots', 'broadcasts', 'crm', 'analytics'],
  ['desk', 'replies'],
  ['dialogs'],
  ['dispatch'],
  ['oauth'],
  ['templates', 'limits', 'callbacks', 'contacts', 'accounts', 'connections', 'operators', 'events', 'files', 'push', 'search'],
  ['audit'],
  ['platform'],
];
/** Of one line, and still never each other. */
const STRANGERS: readonly string[] = ['bots', 'broadcasts', 'crm', 'analytics'];

/** Command-line entries switch to the bundled Node before anything else is loaded. */
const ENTRY_IMPORT = 'scripts/node24.mjs';

interface Import {
  from: string;
  /** As written. */
  specifier: string;
  /** Path in the repository; null for packages. */
  to: string | null;
}

/**
 * Checks all imports of the project. `sources` are texts by path in the repository (`server/src/http/http.ts`). Returns a
 * sentence for each violation: the file, the import, the rule. Reads types and values alike: who knows a type knows the module.
 */
export function findViolations(sources: ReadonlyMap<string, string>): string[] {
  const imports = [...sources].flatMap(([from, text]) => importsOf(from, text));
  return [
    ...imports.flatMap((one) => [...workspaceViolations(one), ...serverViolations(one)]),
    ...cycles(imports).map((cycle) => `server/src: the modules ${cycle.join(' -> ')} import each other in a circle`),
  ];
}

// Statements begin a line (the formatter sees to it), so that code inside texts and comments is not taken for one.
const STATEMENT = /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]/gm;
const DYNAMIC = /^(?!\s*(?:\/\/|\*)).*?\bimport\(\s*['"]([^'"]+)['"]/gm;

function importsOf(from: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT), ...text.matchAll(DYNAMIC)].map(([, specifier = '']) => ({
    from,
    specifier,
    to: specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : null,
  }));
}

function isTest(path: string): boolean {
  return /\.test\.ts$/.test(path) || /^[^/]+\/test\//.test(path);
}

function workspaceViolations({ from, specifier, to }: Import): string[] {
  const workspace = from.split('/')[0] ?? '';
  const rule = WORKSPACES[workspace];
  if (rule === undefined) return [];
  const complain = (why: string) => [`${from} imports '${specifier}': ${why}`];

  if (to !== null) {
    const target = to.split('/')[0] ?? '';
    if (target === workspace || (to === ENTRY_IMPORT && from.startsWith(`${workspace}/bin/`))) return [];
    return complain(`a path leads out of ${workspace}/; other workspaces are imported by name, @soroka/${target}`);
  }
  const [, target, inside] = /^@soroka\/([^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (target === undefined || target === workspace) return [];
  if (inside !== undefined) return complain(`only the door of a workspace is imported: '@soroka/${target}'`);
  const allowed = isTest(from) ? rule.tests : rule.sources;
  if (allowed.includes(target)) return [];
  const may = allowed.length === 0 ? 'nothing of ours' : `only ${allowed.join(', ')}`;
  return complain(`${isTest(from) ? 'tests of ' : ''}${workspace}/ may import ${may}`);
}

const SERVER = 'server/src/';

/** The module of a path in server/src: its first folder or file; platform's files and folders are modules of their own. */
function moduleOf(path: string): string {
  const parts = path.slice(SERVER.length).split('/');
  return parts[0] === 'platform' ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

function doorOf(module: string): string {
  return module.endsWith('.ts') ? module : `${module}/${module.split('/').at(-1)}.ts`;
}

function lineOf(module: string): number {
  const name = module.split('/')[0] ?? '';
  return SERVER_ORDER.findIndex((line) => line.includes(name));
}

function serverViolations({ from, specifier, to }: Import): string[] {
  if (to === null || !to.startsWith(SERVER)) return [];
  const complain = (why: string) => [`${from} imports '${specifier}': ${why}`];
  const target = moduleOf(to);
  const inside = from.startsWith(SERVER);
  if (inside && moduleOf(from) === target) return [];
  const door = SERVER + doorOf(target);
  const throughDoor = to === door || isTest(to) ? [] : complain(`others import only the module's door, ${door}`);
  // A test puts together whatever it needs: the order holds for what runs.
  if (!inside || isTest(from)) return throughDoor;

  const own = moduleOf(from);
  if (lineOf(own) === -1) return complain(`${own} has no place in SERVER_ORDER (scripts/layers.ts)`);
  if (lineOf(target) === -1) return complain(`${target} has no place in SERVER_ORDER (scripts/layers.ts)`);
  if (lineOf(target) < lineOf(own)) return [...throughDoor, ...complain(`${own} stands below ${target} and may not know it`)];
  if (STRANGERS.includes(own) && STRANGERS.includes(target)) {
    return [...throughDoor, ...complain(`${STRANGERS.join(', ')} never know each other`)];
  }
  return throughDoor;
}

/** Circles between the modules of server/src, each once, tests left out. */
function cycles(imports: readonly Import[]): string[][] {
  const graph = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    if (to === null || !to.startsWith(SERVER) || !from.startsWith(SERVER) || isTest(from)) continue;
    const [own, target] = [moduleOf(from), moduleOf(to)];
    if (own !== target) graph.set(own, (graph.get(own) ?? new Set()).add(target));
  }
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (module: string, path: readonly string[]): void => {
    const start = path.indexOf(module);
    if (start !== -1) {
      found.push([...path.slice(start), module]);
      return;
    }
    if (done.has(module)) return;
    for (const next of graph.get(module) ?? []) walk(next, [...path, module]);
    done.add(module);
  };
  for (const module of graph.keys()) walk(module, []);
  return found;
}
