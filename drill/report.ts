import type { Round } from '../rehearsal/mlsrv/failover-site';
import { VARIANTS, type Variant } from '../rehearsal/mlsrv/variants';

/** What the supervisor says and a reader wants to see, in the words of a timeline. */
const WORDS: Readonly<Record<string, string>> = {
  'primary-gone': 'primary gone',
  'accepts-logins': 'accepts logins',
  'server-gone': 'server gone',
  restarting: 'restarting',
  started: 'started',
  serving: 'serving',
};

const WIDTH = 60;

/** A failover as each supervisor saw it; seconds since the primary went. */
export function timelineOf({ how, goneAt, backAt, passages }: Round): string[] {
  const since = (at: number) => (at - goneAt) / 1000;
  const last = Math.max(backAt, ...passages.map(({ servingAt }) => servingAt).filter(Number.isFinite));
  const column = (at: number) =>
    Math.max(0, Math.min(WIDTH - 1, Math.round((WIDTH * (at - goneAt)) / (last - goneAt))));
  const lines = [
    `   0.0 s  the primary is ${how}`,
    `${since(backAt).toFixed(1).padStart(6)} s  the other one is promoted, the name leads to it: the database accepts logins`,
  ];
  for (const { variant, lines: said, servingAt } of passages) {
    const back = column(backAt);
    const bar = Array.from({ length: column(servingAt) + 1 }, (_, at) => (at < back ? '.' : '=')).join('');
    lines.push(
      '',
      `  a server that ${VARIANTS[variant].title}`,
      `  ${bar}| ${Number.isFinite(servingAt) ? `${((servingAt - backAt) / 1000).toFixed(1)} s` : 'never'}`,
    );
    for (const { event = '', fields } of said) {
      const words = WORDS[event];
      if (words === undefined) continue;
      const detail =
        fields.why ?? fields.detail ?? (event === 'serving' && fields.restarted === false ? 'let alone' : '');
      lines.push(
        `${since(Date.parse(String(fields.time)))
          .toFixed(1)
          .padStart(6)} s  ${words}${detail === '' ? '' : `: ${oneLine(String(detail))}`}`,
      );
    }
  }
  return lines;
}

export interface Figures {
  readonly variant: Variant;
  readonly title: string;
  readonly failovers: number;
  /** Seconds of each, sorted; those below are drawn from them. */
  readonly reconnects: readonly number[];
  /** Seconds from the database that accepts logins to the server that serves. */
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  readonly megabytes: number;
  /** Of one CPU, in percent, of the supervisor and its probes. */
  readonly cpuPercent: number;
}

/** Reconnect times of one way to behave. */
export function figuresOf(
  variant: Variant,
  rounds: readonly Round[],
  usage: { readonly megabytes: number; readonly cpuSeconds: number },
  seconds: number,
): Figures {
  const times = rounds
    .flatMap(({ passages, backAt }) =>
      passages.filter((it) => it.variant === variant).map(({ servingAt }) => (servingAt - backAt) / 1000),
    )
    .sort((a, b) => a - b);
  const at = (share: number) => round(times[Math.max(0, Math.ceil(times.length * share) - 1)] ?? Number.NaN);
  return {
    variant,
    title: VARIANTS[variant].title,
    failovers: times.length,
    reconnects: times.map(round),
    p50: at(0.5),
    p95: at(0.95),
    max: at(1),
    megabytes: Math.round(usage.megabytes),
    cpuPercent: round((100 * usage.cpuSeconds) / seconds),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 90 ? line : `${line.slice(0, 89)}…`;
}
