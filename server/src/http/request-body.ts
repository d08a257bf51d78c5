import type { IncomingMessage } from 'node:http';
import { AppError } from '../platform/errors.ts';
import { readJsonBody } from './json-body.ts';
import { InvalidJsonError } from './refusals.ts';

/** Throws `content.type.invalid` unless the body is announced as plain JSON in UTF-8. */
export function requireJson(headers: IncomingMessage['headers']): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim().toLowerCase());
  if (type !== 'application/json') {
    throw new AppError(
      'content.type.invalid',
      `Content-Type must be application/json, ${type === '' ? 'none was given' : 'it is another'}`,
    );
  }
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice('charset='.length)
    .replaceAll('"', '');
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
    throw new AppError('content.type.invalid', 'the charset must be utf-8');
  const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw new AppError('content.type.invalid', 'send the body without Content-Encoding');
}

/**
 * The whole body. Throws `request.too.large` as soon as it is known to be larger than `bytesMax`, and `request.invalid`
 * where it ends early. The rest of a body that is too large is read and dropped, so that the sender sees the answer
 * instead of a broken connection; the server's request time-out bounds it.
 */
export function readBody(stream: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const tooLarge = () => new AppError('request.too.large', `the body has more than ${bytesMax} bytes`);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) finish(() => reject(tooLarge()));
      else chunks.push(chunk);
    };
    const onEnd = () => finish(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const onBroken = () => finish(() => reject(new AppError('request.invalid', 'the connection ended inside the body')));
    const finish = (settle: () => void) => {
      stream.off('data', onData).off('end', onEnd).off('close', onBroken).off('error', onBroken);
      stream.on('error', () => {}); // the sender may still go away while the rest is dropped
      stream.resume();
      settle();
    };
    if (Number(stream.headers['content-length'] ?? 0) > bytesMax) return finish(() => reject(tooLarge()));
    stream.on('data', onData).on('end', onEnd).on('close', onBroken).on('error', onBroken);
  });
}

/** The body as JSON with its text; throws `invalid.json` with the position. */
export function parseBody(bytes: Buffer, depthMax: number): { text: string; value: unknown } {
  const body = readJsonBody(bytes, depthMax);
  if (!body.ok) throw new InvalidJsonError(body.problem);
  return body;
}
