import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Chance } from '../cloud/chance';

/** Draws everything random that a bundle can ask for from the seed, so that a run makes the same requests byte for byte. */
export function replaceChance(chance: Chance): void {
  const fill = (bytes: Uint8Array) => {
    for (let index = 0; index < bytes.length; index++) bytes[index] = chance.between(0, 255);
  };
  const randomBytes = (size: number, callback?: (error: null, bytes: Buffer) => void) => {
    const bytes = Buffer.alloc(size);
    fill(bytes);
    if (callback) process.nextTick(callback, null, bytes);
    return bytes;
  };
  const randomUUID = () => {
    const bytes = randomBytes(16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
  const getRandomValues = (view: ArrayBufferView) => {
    fill(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    return view;
  };
  const randomFillSync = (view: ArrayBufferView, offset = 0, size = view.byteLength - offset) => {
    fill(new Uint8Array(view.buffer, view.byteOffset + offset, size));
    return view;
  };
  const randomFill = (view: ArrayBufferView, ...rest: unknown[]) => {
    const callback = rest.pop() as (error: null, filled: ArrayBufferView) => void;
    process.nextTick(callback, null, randomFillSync(view, ...(rest as number[])));
  };
  const randomInt = (...range: unknown[]) => {
    const callback = typeof range.at(-1) === 'function' ? (range.pop() as (error: null, drawn: number) => void) : null;
    const [low, high] = (range.length === 1 ? [0, range[0]] : range) as [number, number];
    const drawn = chance.between(low, high - 1);
    if (callback) process.nextTick(callback, null, drawn);
    return drawn;
  };

  Math.random = () => chance.next();
  Object.assign(crypto, { randomBytes, randomFill, randomFillSync, randomInt, randomUUID });
  for (const target of [globalThis.crypto, crypto.webcrypto]) {
    Object.defineProperty(target, 'randomUUID', { value: randomUUID, configurable: true });
    Object.defineProperty(target, 'getRandomValues', { value: getRandomValues, configurable: true });
  }
  syncBuiltinESMExports();
}
