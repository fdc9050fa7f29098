import type { PrimaryRecord } from '../../lambda/records/primary-record';
import { NO_PRIMARY_AFTER, SECOND_LOOK_AFTER } from '../../lambda/track-primary/decide-pair';
import { type Candidate, reportOf } from '../../lambda/track-primary/observation';
import { UNWATCHED_AFTER } from '../../lambda/track-primary/record-states';
import type { History, Look } from './pair-history';
import type { Decide } from './promises';

/** What the adapter keeps from look to look; part of what is tried, as it decides on the first epoch. */
export type Remember = (observation: Look['observation']) => Candidate | undefined;

/** What the words of one look say, as the design has it; told from the answers and not by the code that is tried. */
interface Words {
  readonly look: Look;
  readonly claims: readonly string[];
  /** Claims, and the other one says that it is the mirror. */
  readonly confirmed?: string;
  /** Claims alone and sees the arbiter. */
  readonly lone?: string;
}

function wordsOf(look: Look): Words {
  const said = look.observation.partners.map((partner, index) => {
    const { memberId } = partner.member;
    const own = look.texts[index]?.startsWith(`server=${memberId};`) ?? false;
    return { memberId, report: own ? reportOf(partner) : undefined };
  });
  const claims = said.filter(({ report }) => report?.role === 'primary');
  const [only] = claims.length === 1 ? claims : [];
  const mirrored = said.some(({ report }) => report?.role === 'mirror');
  return {
    look,
    claims: claims.map(({ memberId }) => memberId),
    confirmed: only && mirrored ? only.memberId : undefined,
    lone: only && !mirrored && only.report?.arbiter === 'connected' ? only.memberId : undefined,
  };
}

/** Plays a history through a core and throws at the first promise of the design (§6 flow 1, §7.1, §7.2) that it breaks. */
export function keepsItsPairPromises(
  core: Decide,
  remember: Remember,
  { looks, quietFrom, mirrorAnswers }: History,
): void {
  let record: PrimaryRecord | undefined;
  let candidate: Candidate | undefined;
  let decidedUntil = 0;
  const heard: Words[] = [];
  for (const look of looks) {
    const before = record;
    const isLate = look.at < decidedUntil;
    // It was made by another process, which remembers nothing: without a record it says what the look before said.
    if (isLate && !before) continue;
    const observation = { ...look.observation, candidate };
    if (!isLate) candidate = remember(observation);
    record = core('main', before, observation, undefined, look.now).record;
    const fail = (promise: string): never => {
      throw new Error(`${promise}: ${JSON.stringify({ look, before, after: record })}`);
    };
    if (isLate) {
      if (record !== before) fail('a look that is older than the record changes nothing');
      continue;
    }
    decidedUntil = look.at;
    const words = wordsOf(look);
    heard.push(words);

    const step = (record?.epoch ?? 0) - (before?.epoch ?? 0);
    if (step !== 0 && step !== 1) fail('an epoch grows by one and never goes back');
    if (!record) {
      if (words.confirmed !== undefined || isProven(heard)) fail('a primary that serves is recorded');
      continue;
    }
    const { memberId } = record.primary;
    if (step === 1) {
      if (before?.primary.memberId === memberId) fail('an epoch is one member');
      if (look.truth[memberId]?.role !== 'primary') fail('a published primary says at that moment that it is primary');
      if (words.confirmed !== memberId && !(words.lone === memberId && isProven(heard)))
        fail('a published primary is confirmed by its mirror, or sees the arbiter in two looks');
    }
    if (step === 0 && before && before.primary.memberId !== memberId) fail('a primary changes with its epoch only');
    if (record.state === 'stable' && !(words.claims.length === 1 && words.claims[0] === memberId))
      fail('stable is what one partner alone says of itself at that look');
    if ((words.claims.length === 2) !== (record.state === 'two-primaries')) fail('two who claim are two primaries');
    if (words.confirmed !== undefined && !(record.state === 'stable' && memberId === words.confirmed))
      fail('a primary that its mirror confirms is recorded at once');
    if (isProven(heard) && !(record.state === 'stable' && memberId === words.lone))
      fail('a primary that sees the arbiter in two looks is recorded');
    if (silentFor(heard) > NO_PRIMARY_AFTER + UNWATCHED_AFTER && record.state !== 'no-primary')
      fail('after a while without a primary there is none');
    if (record.state === 'no-primary' && before?.state !== 'no-primary' && words.lone !== undefined)
      fail('a claim that waits for its second look is no end of the search');
  }
  const end = looks.at(-1);
  if (!record || !end || end.at < quietFrom) throw new Error('the history ends before it is quiet');
  const [truly] = Object.entries(end.truth).filter(([, { role }]) => role === 'primary');
  if (record.state !== 'stable' || record.primary.memberId !== truly?.[0])
    throw new Error(`all is quiet (${mirrorAnswers}), and the record is not true: ${JSON.stringify({ record, end })}`);
}

/** Whether the same one claims alone now and claimed alone long enough, and not too long, ago, and at each look between. */
function isProven(heard: readonly Words[]): boolean {
  const now = heard.at(-1);
  if (now?.lone === undefined) return false;
  for (const it of [...heard].reverse()) {
    if (it.lone !== now.lone) return false;
    const age = now.look.at - it.look.at;
    if (age >= SECOND_LOOK_AFTER) return age <= UNWATCHED_AFTER;
  }
  return false;
}

/** For how long nobody has claimed, by all looks. */
function silentFor(heard: readonly Words[]): number {
  const last = heard.at(-1);
  const spoke = [...heard].reverse().find(({ claims }) => claims.length > 0);
  return last ? last.look.at - (spoke?.look.at ?? last.look.at) : 0;
}
