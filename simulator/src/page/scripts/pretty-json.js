/**
 * JSON with line breaks and indents, its tokens untouched: numbers beyond 2^53 stay what they are, and a text that was cut off is
 * shown as far as it goes. What is no JSON comes back as it is.
 */
export function prettyJson(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"?|[[\]{}:,]|[^\s[\]{}:,"]+/g) ?? [];
  let depth = 0;
  let pretty = '';
  const line = () => `\n${'  '.repeat(depth)}`;
  for (const [n, token] of tokens.entries()) {
    const next = tokens[n + 1];
    if (token === '{' || token === '[') {
      depth += 1;
      pretty += next === '}' || next === ']' ? token : token + line();
    } else if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1);
      const isEmpty = tokens[n - 1] === '{' || tokens[n - 1] === '[';
      pretty += isEmpty ? token : line() + token;
    } else if (token === ',') pretty += token + line();
    else pretty += token === ':' ? ': ' : token;
  }
  return pretty;
}
