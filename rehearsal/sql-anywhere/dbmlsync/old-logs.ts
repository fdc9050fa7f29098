import { rmSync, statSync } from 'node:fs';
import type { LogFile } from '../files/log-file';

const DAY_MILLIS = 24 * 60 * 60 * 1_000;

/**
 * The offline logs that the option `delete_old_logs` gives away: all that is in them was acknowledged, and with `n days` they are
 * older than that (facts §4.9 [M26]). Their age is that of their last change. UNSOURCED.
 */
export function deleteOldLogs(
  option: string,
  logs: readonly LogFile[],
  active: string,
  acknowledged: number,
): string[] {
  const [, days] = /^(\d+) days$/i.exec(option) ?? [];
  // `Delay`, as documented, is `On` a day later.
  const delay = /^delay$/i.test(option) ? 1 : days;
  if (delay === undefined && !/^on$/i.test(option)) return [];
  const before = Date.now() - Number(delay ?? 0) * DAY_MILLIS;
  const old = logs.filter(({ file, previous, entries }) => {
    const isDone = file !== active && previous.position + entries.length <= acknowledged;
    return isDone && (delay === undefined || statSync(file).mtimeMs < before);
  });
  for (const { file } of old) rmSync(file, { force: true });
  return old.map(({ file }) => file);
}
