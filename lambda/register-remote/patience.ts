import type { Ports } from './ports';

/** From one attempt to the next. UNSOURCED: an instance takes a minute or two to be in service. */
const PAUSE = 10_000;

/** A pause, one more attempt with every call at its time-out (sdk-limits.ts), and the answer (respond.ts). */
export const ENOUGH_FOR_ANOTHER = 100_000;

export type Attempt = 'done' | { readonly trouble: string };

/**
 * Tries until it is done, for as long as the invocation has time.
 * @param attempt is told whether it is the last
 * @param hopeful whether an error may pass
 */
export async function patiently(
  ports: Pick<Ports, 'remaining' | 'sleep' | 'told'>,
  attempt: (final: boolean) => Promise<Attempt>,
  hopeful: (error: unknown) => boolean,
): Promise<void> {
  for (;;) {
    const final = ports.remaining() < ENOUGH_FOR_ANOTHER;
    let trouble: string;
    try {
      const result = await attempt(final);
      if (result === 'done') return;
      if (final) throw new Error(result.trouble);
      ({ trouble } = result);
    } catch (error) {
      if (final || !hopeful(error)) throw error;
      trouble = String(error);
    }
    ports.told('another attempt follows', { trouble });
    await ports.sleep(PAUSE);
  }
}
