import type { PrimaryRecord } from '../../lambda/records/primary-record';
import { BEGINNING, type History, type Look, memberOf } from './rds-history';

/** A history as a timeline for people: what was so, what was seen, and what the tracker made of it; as far as the look that failed. */
export function storyOf({ of, spans, looks }: History, records: readonly (PrimaryRecord | undefined)[]): string {
  const lines = [`an RDS ${of}`];
  const begun = new Set<number>();
  let before = '';
  for (const [index, record] of records.entries()) {
    const look = looks[index];
    if (!look) break;
    for (const { start, kind } of spans.filter(({ start }) => start <= look.at && !begun.has(start))) {
      begun.add(start);
      lines.push(`${clock(start)} ${kind} begins`);
    }
    const seen = `${wordTruth(look)}; record: ${wordRecord(record)}`;
    const last = index === records.length - 1;
    if (seen !== before || look.hint || last) lines.push(`${clock(look.at)} ${wordLook(look)}${seen}`);
    before = seen;
  }
  return lines.join('\n');
}

function clock(at: number): string {
  return `+${((at - BEGINNING) / 1000).toFixed(1)} s`.padStart(11);
}

function wordLook({ hint, observation }: Look): string {
  const event = hint ? `${hint.eventId} of ${clock(hint.at).trim()} arrives; ` : '';
  return observation.kind === 'unknown' ? `${event}no answer; ` : event;
}

function wordTruth({ truth }: Look): string {
  return `true: ${truth.nobody ? 'nobody' : memberOf(truth)}, ${truth.status}, ${truth.addresses.join(' ')}`;
}

function wordRecord(record: PrimaryRecord | undefined): string {
  if (!record) return 'none';
  return `epoch ${record.epoch}, ${record.state}, ${record.primary.memberId} (${record.cause})`;
}
