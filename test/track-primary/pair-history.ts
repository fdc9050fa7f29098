import fc from 'fast-check';
import type { PairSeen, PartnerView } from '../../lambda/track-primary/observation';
import { readRoleAnswer } from '../../lambda/track-primary/role-line';
import { FIRST, lineOf, OTHER, PAIR } from './pair-lines';

/**
 * True histories of a mirrored pair, and what a tracker gets to see of them: servers that die, are cut off, come back; answers that are
 * lost, late, of another server, or never given by a mirror. Times are milliseconds. The truth is told without asking how the tracker
 * decides; a look holds the words that the role services said.
 */

const SECOND = 1_000;
export const BEGINNING = Date.parse('2026-11-23T04:00:00.000Z');
/** Between two polls. */
const POLL = 10 * SECOND;

/** What one server would answer at a moment; `silent` if it is down, waits for its quorum, or is between two roles. */
export interface Voice {
  readonly role: 'primary' | 'mirror' | 'silent';
  readonly partner: boolean;
  readonly arbiter: boolean;
}

type Voices = Record<string, Voice>;

interface Episode {
  readonly kind:
    | 'killed'
    | 'cut-off'
    | 'planned'
    | 'planned-without-arbiter'
    | 'mirror-lost'
    | 'arbiter-lost'
    | 'all-lost';
  readonly pause: number;
  /** Until the survivor is primary, counted from the start: detection by liveness, or at once. */
  readonly takeOver: number;
  /** Until an old primary that is cut off notices it and falls silent, counted from the start. */
  readonly letsGo: number;
  /** Whether it says, while it still claims, that its links are gone. */
  readonly admits: boolean;
  /** Until all that was lost is back. */
  readonly back: number;
}

interface Disturbance {
  readonly phase: number;
  /** Whether a mirror answers HTTP in this installation. */
  readonly mirrorAnswers: boolean;
  /** For each look and partner, in turn: below 2 the answer is lost, 2 it is that of another server, 3 it is garbage. */
  readonly answers: readonly number[];
  /** Times at which an event asks for a look of its own. */
  readonly extra: readonly number[];
  /** Looks that are decided only after the one that follows them. */
  readonly late: readonly number[];
  /** While the tracker's own way to a partner is cut. */
  readonly cuts: readonly { readonly of: 0 | 1; readonly from: number; readonly lasts: number }[];
}

export interface Look {
  /** When it began. */
  readonly at: number;
  /** When it is decided. */
  readonly now: number;
  readonly truth: Voices;
  readonly observation: PairSeen;
  /** The text that came back of each partner's address, as far as any did. */
  readonly texts: readonly (string | undefined)[];
}

export interface History {
  readonly looks: readonly Look[];
  /** Since when nothing disturbs the pair or the tracker. */
  readonly quietFrom: number;
  readonly mirrorAnswers: boolean;
}

const time = (least: number, most: number) => fc.integer({ min: least, max: most });

const KINDS: Episode['kind'][] = [
  'killed',
  'cut-off',
  'cut-off',
  'planned',
  'planned-without-arbiter',
  'mirror-lost',
  'arbiter-lost',
  'all-lost',
];

const episode: fc.Arbitrary<Episode> = fc.record({
  kind: fc.constantFrom(...KINDS),
  pause: time(SECOND, 90 * SECOND),
  takeOver: time(SECOND, 40 * SECOND),
  letsGo: time(SECOND, 60 * SECOND),
  admits: fc.boolean(),
  back: time(45 * SECOND, 6 * 60 * SECOND),
});

const disturbance: fc.Arbitrary<Disturbance> = fc.record({
  phase: time(0, POLL - 1),
  mirrorAnswers: fc.boolean(),
  answers: fc.array(time(0, 19), { minLength: 1, maxLength: 60 }),
  extra: fc.array(time(0, 15 * 60 * SECOND), { maxLength: 5 }),
  late: fc.array(time(0, 60), { maxLength: 3 }),
  cuts: fc.array(
    fc.record({
      of: fc.constantFrom<0 | 1>(0, 1),
      from: time(0, 12 * 60 * SECOND),
      lasts: time(5 * SECOND, 90 * SECOND),
    }),
    { maxLength: 3 },
  ),
});

export const pairHistories: fc.Arbitrary<History> = fc
  .tuple(fc.array(episode, { minLength: 1, maxLength: 4 }), disturbance)
  .map(([episodes, noise]) => tell(episodes, noise));

interface Change {
  readonly at: number;
  readonly voices: Voices;
}

function tell(episodes: readonly Episode[], noise: Disturbance): History {
  const { changes, end } = truthOf(episodes);
  const lastCut = Math.max(0, ...noise.cuts.map(({ from, lasts }) => BEGINNING + from + lasts));
  const quietFrom = Math.max(end, lastCut);
  const until = quietFrom + 60 * SECOND;
  const moments: number[] = noise.extra.map((at) => BEGINNING + at).filter((at) => at < until);
  for (let at = BEGINNING + noise.phase; at < until; at += POLL) moments.push(at);
  moments.sort((one, other) => one - other);
  const looks = moments.map((at, index) => look(at, index, voicesAt(changes, at), noise, quietFrom));
  for (const index of noise.late) {
    const [early, next] = [looks[index], looks[index + 1]];
    if (early && next && next.at < quietFrom) looks.splice(index, 2, next, { ...early, now: next.now + 1 });
  }
  return { looks, quietFrom, mirrorAnswers: noise.mirrorAnswers };
}

/** The two servers and their roles, episode by episode. Both links of a server that is alone are gone. */
function truthOf(episodes: readonly Episode[]): { changes: Change[]; end: number } {
  let [primary, other] = [FIRST, OTHER];
  const healthy: Voice = { role: 'primary', partner: true, arbiter: true };
  const mirror: Voice = { ...healthy, role: 'mirror' };
  const silent: Voice = { role: 'silent', partner: false, arbiter: false };
  const alone: Voice = { ...healthy, partner: false };
  const changes: Change[] = [{ at: 0, voices: { [primary]: healthy, [other]: mirror } }];
  let clock = BEGINNING + 30 * SECOND;
  for (const it of episodes) {
    const start = clock + it.pause;
    const change = (offset: number, one: Voice, another: Voice) =>
      changes.push({ at: start + offset, voices: { [primary]: one, [other]: another } });
    let end = it.back;
    switch (it.kind) {
      case 'killed':
      case 'planned': {
        const takeOver = it.kind === 'planned' ? Math.min(it.takeOver, 15 * SECOND) : it.takeOver;
        change(0, silent, mirror);
        change(takeOver, silent, alone);
        end = Math.max(it.back, takeOver + SECOND);
        change(end, mirror, healthy);
        [primary, other] = [other, primary];
        break;
      }
      case 'cut-off': {
        // Until its links expire it says what it said before. The survivor takes over when its own have expired.
        const moments = [it.takeOver, it.letsGo].sort((one, another) => one - another);
        const cutOff: Voice = it.admits ? { ...alone, arbiter: false } : healthy;
        for (const at of moments) {
          change(at, at >= it.letsGo ? silent : cutOff, at >= it.takeOver ? alone : { ...mirror, partner: false });
        }
        end = Math.max(it.back, ...moments) + SECOND;
        change(end, mirror, healthy);
        [primary, other] = [other, primary];
        break;
      }
      case 'planned-without-arbiter':
        change(0, silent, { ...mirror, arbiter: false });
        change(5 * SECOND, { ...mirror, arbiter: false }, { ...healthy, arbiter: false });
        change(end, mirror, healthy);
        [primary, other] = [other, primary];
        break;
      case 'mirror-lost':
        change(0, alone, silent);
        change(end, healthy, mirror);
        break;
      case 'arbiter-lost':
        change(0, { ...healthy, arbiter: false }, { ...mirror, arbiter: false });
        change(end, healthy, mirror);
        break;
      case 'all-lost':
        change(0, silent, silent);
        change(end, healthy, mirror);
        break;
    }
    clock = start + end;
  }
  return { changes, end: clock };
}

function voicesAt(changes: readonly Change[], at: number): Voices {
  return changes.filter((it) => it.at <= at).at(-1)?.voices ?? {};
}

function look(at: number, index: number, truth: Voices, noise: Disturbance, quietFrom: number): Look {
  const texts = PAIR.members.map(({ server }, of) => textOf(server, of, index, at, truth, noise, quietFrom));
  const partners = PAIR.members.map(({ server, host, availabilityZone }, of): PartnerView => {
    const member = { memberId: server, availabilityZone, host, port: PAIR.databasePort };
    const text = texts[of];
    if (text === undefined) return { member, answer: { unknown: 'no answer in 2 s' } };
    return { member, answer: readRoleAnswer(server, { text, askedAt: at, answeredAt: at + 20 }) };
  });
  return { at, now: at + 30, truth, texts, observation: { kind: 'pair', at, partners } };
}

function textOf(
  server: string,
  of: number,
  index: number,
  at: number,
  truth: Voices,
  noise: Disturbance,
  quietFrom: number,
): string | undefined {
  const voice = truth[server];
  const cut = noise.cuts.some((it) => it.of === of && at >= BEGINNING + it.from && at < BEGINNING + it.from + it.lasts);
  const luck = at < quietFrom ? (noise.answers[(2 * index + of) % noise.answers.length] ?? 19) : 19;
  if (cut || luck < 2) return undefined;
  if (luck === 3) return '<html>It works!</html>';
  if (luck === 2) {
    // The name led to the other host.
    const elsewhere = server === FIRST ? OTHER : FIRST;
    return spoken(elsewhere, truth[elsewhere], at, noise);
  }
  return spoken(server, voice, at, noise);
}

function spoken(server: string, voice: Voice | undefined, clock: number, noise: Disturbance): string | undefined {
  if (!voice || voice.role === 'silent') return undefined;
  if (voice.role === 'mirror' && !noise.mirrorAnswers) return undefined;
  const word = (link: boolean) => (link ? 'connected' : 'disconnected');
  return lineOf({ server, role: voice.role, partner: word(voice.partner), arbiter: word(voice.arbiter), clock });
}
