import { identifier, literal } from '../sql-anywhere/sql-text';
import { eventKey, type InsideSchedule } from './inside-schedule';

const SCRIPT = '/bin/bash /opt/mobilink-ha/sync-due.sh';

/**
 * The events by which a remote database starts its own syncs. They are part of the database, so both partners hold them, and only the
 * primary fires them (SQL Anywhere 16, "Database mirroring and events").
 *
 * The handler commits before it calls: a transaction that stays open while dbmlsync runs would hold locks that dbmlsync waits for.
 */
export function syncEvents(schedules: InsideSchedule[]): string[] {
  if (schedules.length === 0) return [];
  return [
    ...schedules.map((schedule) => {
      const { startTime, everyMinutes } = schedule._firings();
      return event(
        `mobilink_ha_sync_${eventKey(schedule.name)}`,
        `SCHEDULE "slots" START TIME ${literal(startTime)} EVERY ${everyMinutes} MINUTES`,
        `${SCRIPT} ${schedule.name}`,
      );
    }),
    // A slot that falls into a failover is not fired again by the database.
    event('mobilink_ha_sync_catch_up', 'TYPE MirrorFailover', SCRIPT),
  ];
}

function event(name: string, when: string, command: string): string {
  return (
    `CREATE OR REPLACE EVENT ${identifier(name)} ${when} HANDLER BEGIN COMMIT; ` +
    `CALL xp_cmdshell(${literal(command)}, ${literal('no_output')}); END`
  );
}
