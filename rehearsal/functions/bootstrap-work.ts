import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';

type Method = (this: unknown, ...args: unknown[]) => unknown;

const KEYS = [
  'pbkdf2',
  'scrypt',
  'hkdf',
  'generateKey',
  'generateKeyPair',
  'generatePrime',
  'checkPrime',
  'sign',
  'verify',
];

/** Resources that may stay open for as long as the process lives, and by themselves lead to nothing. */
const STANDING =
  /^(TTYWrap|PipeWrap|TCPSocketWrap|TCPServerWrap|UDPWrap|TLSWrap|MessagePort|Timeout|SignalWrap|FSEventWrap)$/;

/** Knows whether work of the real world is under way that leads to something at this moment: files, keys, compression. */
export class WorkUnderWay {
  private counted = 0;

  constructor() {
    // Node's list of active resources shows files and connections, but neither of these.
    for (const name of KEYS) this.countCallback(crypto, name);
    this.countCallback(Object.getPrototypeOf(zlib.Gzip.prototype), '_transform');
    const subtle: object = Object.getPrototypeOf(crypto.webcrypto.subtle);
    for (const name of Object.getOwnPropertyNames(subtle)) if (name !== 'constructor') this.countPromise(subtle, name);
    syncBuiltinESMExports();
  }

  public get any(): boolean {
    return this.counted > 0 || process.getActiveResourcesInfo().some((resource) => !STANDING.test(resource));
  }

  private countCallback(owner: object, name: string): void {
    const work = this;
    replaceMethod(owner, name, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const callback = args.at(-1);
        if (typeof callback !== 'function') return original.apply(this, args);
        work.counted++;
        const done = (...results: unknown[]) => {
          work.counted--;
          callback(...results);
        };
        return original.apply(this, [...args.slice(0, -1), done]);
      };
    });
  }

  private countPromise(owner: object, name: string): void {
    const work = this;
    replaceMethod(owner, name, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const result = original.apply(this, args);
        if (!(result instanceof Promise)) return result;
        work.counted++;
        return result.finally(() => {
          work.counted--;
        });
      };
    });
  }
}

function replaceMethod(owner: object, name: string, replacement: (original: Method) => Method): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') return;
  const value = replacement(original as Method);
  // What util.promisify reads.
  for (const symbol of Object.getOwnPropertySymbols(original))
    Reflect.set(value, symbol, Reflect.get(original, symbol));
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}
