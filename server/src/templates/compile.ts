import { Liquid, type Template as LiquidNode, Tokenizer, TokenKind } from 'liquidjs';
import { AppError } from '../platform/errors.ts';

/** A template's text, ready to render. */
export interface Compiled {
  /** Each once, in the order of their first use. */
  variables: readonly string[];
  /** `values` must hold every variable, as a string, a number or a boolean. Never throws then. */
  render(values: Readonly<Record<string, unknown>>): string;
}

export const TEXT_CHARACTERS_MAX = 10_000;
const ALLOWED_TAGS = new Set(['if', 'unless']);
// Filters with the fewest and the most arguments they take. Each returns at most what it was given and its arguments
// together: no template can make a text explode, none reads the clock or escapes for another format.
const FILTERS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  abs: [0, 0],
  append: [1, 1],
  at_least: [1, 1],
  at_most: [1, 1],
  capitalize: [0, 0],
  ceil: [0, 0],
  default: [1, 1],
  divided_by: [1, 1],
  downcase: [0, 0],
  floor: [0, 0],
  lstrip: [0, 0],
  minus: [1, 1],
  modulo: [1, 1],
  plus: [1, 1],
  prepend: [1, 1],
  remove: [1, 1],
  round: [0, 1],
  rstrip: [0, 0],
  strip: [0, 0],
  times: [1, 1],
  truncate: [0, 2],
  truncatewords: [0, 2],
  upcase: [0, 0],
};
const ALLOWED = `Use {{ variable }}, {{ variable | filter }} with ${Object.keys(FILTERS).join(', ')}, and {% if %}, {% elsif %}, {% else %}, {% unless %}`;

const NAME = /^[\p{L}_][\p{L}\p{N}_-]*$/u;
const WORDS_OF_LIQUID = new Set(['and', 'or', 'not', 'contains', 'true', 'false', 'nil', 'null', 'empty', 'blank']);

const engine = new Liquid({ strictVariables: true, strictFilters: true, ownPropertyOnly: true });
for (const tag of Object.keys(engine.tags)) if (!ALLOWED_TAGS.has(tag)) delete engine.tags[tag];
for (const filter of Object.keys(engine.filters)) if (!Object.hasOwn(FILTERS, filter)) engine.unregisterFilter(filter);

/**
 * Compiles a Liquid text of the allowed subset: output of plain variables, harmless filters, conditions. Values are
 * strings, numbers and booleans, so a path like `order.id` is refused. Throws `parameter.invalid` with field `text`
 * and the place.
 */
export function compile(text: string): Compiled {
  if (text.trim() === '') throw unusable('it is empty');
  if (text.length > TEXT_CHARACTERS_MAX) throw unusable(`it has ${text.length} characters, ${TEXT_CHARACTERS_MAX} are allowed`);
  const nodes = parse(text);
  const pieces = topLevelPieces(text);
  const variables = variablesOf(nodes);
  return { variables, render: plainRender(pieces) ?? ((values) => renderNodes(nodes, values)) };
}

/** The same text by the Liquid engine alone; the fast path must not differ from it. */
export function renderByEngine(text: string, values: Readonly<Record<string, unknown>>): string {
  return renderNodes(parse(text), values);
}

// The engine's filters cannot reckon with a bigint, and as a number it would lose digits.
function renderNodes(nodes: LiquidNode[], values: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(values).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]);
  return String(engine.renderSync(nodes, Object.fromEntries(entries)));
}

type Piece = { kind: 'text'; text: string } | { kind: 'output'; content: string } | { kind: 'tag' };

function parse(text: string): LiquidNode[] {
  try {
    return engine.parse(text);
  } catch (error) {
    throw unusable((error as Error).message, error);
  }
}

function topLevelPieces(text: string): Piece[] {
  const tokens = new Tokenizer(text).readTopLevelTokens(engine.options);
  return tokens.map((token) => {
    const { kind } = token;
    if (kind === TokenKind.HTML) return { kind: 'text', text: (token as unknown as { getContent(): string }).getContent() };
    const { content } = token as unknown as { content: string };
    const unquoted = content.replace(/"[^"]*"|'[^']*'/g, '""');
    if (unquoted.includes('..')) throw unusable(`a range like (1..9) is not allowed, in "${content.trim()}"`);
    const [subject = '', ...filters] = unquoted.split('|');
    for (const filter of filters) checkArguments(filter, content);
    if (kind === TokenKind.Tag) return { kind: 'tag' };
    if (!/^\s*\S+\s*$/.test(subject) || WORDS_OF_LIQUID.has(subject.trim())) {
      throw unusable(`{{ }} must hold one variable, and filters after it, but holds "${content.trim()}"`);
    }
    return { kind: 'output', content: content.trim() };
  });
}

// The engine finds a wrong number of arguments only when it renders.
function checkArguments(filter: string, content: string): void {
  const [name = '', args] = filter.split(':', 2).map((part) => part.trim());
  const [min, max] = FILTERS[name] ?? [0, 0];
  const given = args === undefined || args === '' ? 0 : args.split(',').length;
  if (filter.split(':').length > 2 || given < min || given > max) {
    const wanted = min === max ? `${min}` : `${min} to ${max}`;
    throw unusable(`the filter ${name} takes ${wanted} arguments, in "${content.trim()}"`);
  }
}

function variablesOf(nodes: LiquidNode[]): string[] {
  const paths = engine.variableSegmentsSync(nodes);
  for (const path of paths) {
    const [name] = path;
    if (path.length === 1 && typeof name === 'string' && NAME.test(name)) continue;
    throw unusable(`"${path.join('.')}" is no plain variable name: letters, digits, "_" and "-", not beginning with a digit`);
  }
  return [...new Set(paths.map(([name]) => name as string))];
}

// The engine takes 7 to 20 µs for a text of two variables, this 0.2: a request of 1000 messages is rendered before its
// answer, in the only thread. Null where the template has more in it than plain variables.
function plainRender(pieces: readonly Piece[]): Compiled['render'] | null {
  const parts: { literal: string; variable: string | null }[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'text') parts.push({ literal: piece.text, variable: null });
    else if (piece.kind === 'output' && NAME.test(piece.content)) parts.push({ literal: '', variable: piece.content });
    else return null;
  }
  return (values) => {
    let text = '';
    for (const part of parts) text += part.variable === null ? part.literal : String(values[part.variable]);
    return text;
  };
}

function unusable(problem: string, cause?: unknown): AppError {
  return new AppError('parameter.invalid', `the text is no template we can use: ${problem}. ${ALLOWED}`, {
    field: 'text',
    cause,
  });
}
