/** PostgreSQL's text cannot hold NUL; JSON can, and one in a message must not keep the message from being recorded. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
