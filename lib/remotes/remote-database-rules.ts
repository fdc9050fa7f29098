import { existsSync, statSync } from 'node:fs';
import { Duration, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { requireSeconds } from '../validation/bounds';
import { known, knownSeconds, Problems } from '../validation/problems';
import { PROFILE_NAME, REMOTE_NAME, SHORT_NAME } from './contract';
import { validateInsideSchedules } from './inside-schedule';
import type { RemoteDatabaseProps } from './remote-database-props';

export const DEFAULT_TIME_LIMIT = Duration.hours(4);
export const DEFAULT_SET_UP_TIMEOUT = Duration.hours(1);

/** Throws one error with everything that is wrong with the props of a remote database. */
export function validateRemote(scope: Construct, props: RemoteDatabaseProps): void {
  const problems = new Problems(scope);
  requireNames(problems, props);
  requireFiles(problems, props);
  requireTriggers(problems, props);
  requireTimes(problems, props);
  requireLogs(problems, props);
  requireRedundancy(problems, props);
  props.mobiLinkServers?._validate(problems, 'mobiLinkServers');
  problems.throwIfAny();
}

function requireNames(problems: Problems, props: RemoteDatabaseProps): void {
  for (const [prop, value, pattern, longest] of [
    ['group', props.group, SHORT_NAME, 64],
    ['remoteName', props.remoteName, REMOTE_NAME, 128],
    ['profile', props.profile, PROFILE_NAME, 128],
  ] as const) {
    problems.require(!Token.isUnresolved(value) && pattern.test(value), {
      id: `MobiLink:Remote:${prop.charAt(0).toUpperCase()}${prop.slice(1)}`,
      prop,
      rule: `must be 1 to ${longest} letters, digits, _ . - and begin with a letter or digit, known at synth`,
      value: Token.isUnresolved(value) ? 'a token' : value,
      fix: "write it as in 'store-0815'",
    });
  }
}

function requireFiles(problems: Problems, { sqlFiles }: RemoteDatabaseProps): void {
  problems.require(sqlFiles.length > 0, {
    id: 'MobiLink:Remote:SqlFiles',
    prop: 'sqlFiles',
    rule: 'must name at least one file: without a publication and a subscription there is nothing to synchronize',
    value: 0,
    fix: 'write what creates tables, publication, MobiLink user, subscription and profile into a file, and name it',
  });
  sqlFiles.forEach((file, index) => {
    problems.require(existsSync(file) && statSync(file).isFile(), {
      id: 'MobiLink:Remote:SqlFile',
      prop: `sqlFiles[${index}]`,
      rule: 'must be a file that is there',
      value: file,
      fix: "give its path, as in path.join(__dirname, 'remote.sql')",
    });
    problems.require(sqlFiles.indexOf(file) === index, {
      id: 'MobiLink:Remote:SqlFileTwice',
      prop: `sqlFiles[${index}]`,
      rule: 'must be named once',
      value: file,
      fix: 'leave it out, or copy it if it has to be applied twice',
    });
  });
}

function requireTriggers(problems: Problems, { triggers = [], group, outcomes, registry }: RemoteDatabaseProps): void {
  const inside = triggers.flatMap(({ insideSchedule }, index) =>
    insideSchedule ? [{ prop: `triggers[${index}]`, schedule: insideSchedule }] : [],
  );
  validateInsideSchedules(problems, inside);
  problems.require(inside.length === 0 || outcomes !== undefined, {
    id: 'MobiLink:Remote:Outcomes',
    prop: 'outcomes',
    rule: 'must be given if the database starts syncs itself: nobody would know whether they succeed',
    value: undefined,
    fix: 'make a SyncOutcomes over the registry and pass it to all remotes',
  });
  triggers.forEach(({ syncSchedule }, index) => {
    const groups = known(syncSchedule?.groups);
    problems.require(groups === undefined || groups.includes(group) || groups.some(Token.isUnresolved), {
      id: 'MobiLink:Remote:TriggerGroup',
      prop: `triggers[${index}]`,
      rule: `must be a schedule of the group '${group}', or it never starts this remote`,
      value: groups?.join(', '),
      fix: `add '${group}' to the groups of the schedule, or put the remote into one of them`,
    });
    problems.require(syncSchedule === undefined || syncSchedule.dispatcher.registry === registry, {
      id: 'MobiLink:Remote:TriggerRegistry',
      prop: `triggers[${index}]`,
      rule: 'must be a schedule of a dispatcher of the same registry, or it never finds this remote',
      value: syncSchedule?.dispatcher.registry.node.path,
      fix: 'pass the registry of the system as registry',
    });
  });
}

function requireTimes(problems: Problems, props: RemoteDatabaseProps): void {
  for (const [prop, duration, otherwise] of [
    ['timeLimit', props.timeLimit, '4 hours'],
    ['firstTimeLimit', props.firstTimeLimit, 'no limit'],
  ] as const) {
    requireSeconds(problems, duration, {
      id: `MobiLink:Remote:${prop.charAt(0).toUpperCase()}${prop.slice(1)}`,
      prop,
      lowest: 60,
      highest: 999_999,
      fix: `leave it out for ${otherwise}`,
    });
  }
  const [limit, first] = [props.timeLimit ?? DEFAULT_TIME_LIMIT, props.firstTimeLimit].map(knownSeconds);
  problems.require(limit === undefined || first === undefined || first >= limit, {
    id: 'MobiLink:Remote:FirstTimeLimitShort',
    prop: 'firstTimeLimit',
    rule: `must not be shorter than timeLimit (${limit} s): the first sync takes longest`,
    value: first,
    fix: 'leave it out for no limit',
  });
  requireSeconds(problems, props.setUpTimeout, {
    id: 'MobiLink:Remote:SetUpTimeout',
    prop: 'setUpTimeout',
    lowest: 15,
    highest: 172_800,
    why: 'the range of CloudFormation for an association',
    fix: 'leave it out for an hour',
  });
}

/** What the consolidated database was restored to, remotes must be able to send again from their logs. */
function requireLogs(problems: Problems, { database, synchronizesWith }: RemoteDatabaseProps): void {
  const seconds = knownSeconds(synchronizesWith?.backupRetention);
  const backupDays = seconds === undefined ? undefined : Math.ceil(seconds / 86_400);
  problems.require(backupDays === undefined || database.logDays >= backupDays, {
    id: 'MobiLink:Remote:LogRetention',
    prop: 'database.offlineLogRetention',
    rule: `must be at least as long as the consolidated database's backups (${backupDays} days): after a restore the remote sends again from its logs`,
    value: `${database.logDays} days`,
    fix: `give offlineLogRetention: Duration.days(${backupDays}) or more to the remote's database`,
  });
}

function requireRedundancy(problems: Problems, props: RemoteDatabaseProps): void {
  const { database, synchronizesWith } = props;
  problems.require(database.isSynchronous || isReason(props.asynchronousReason), {
    id: 'MobiLink:Remote:Asynchronous',
    prop: 'asynchronousReason',
    rule: 'must say why: with an asynchronous mirror, a failover can lose what was uploaded already, and later changes are then skipped without an error',
    value: props.asynchronousReason,
    fix: 'mirror synchronously, or write the reason for whoever looks for the missing rows',
  });
  const atRisk = !database.isMirrored && synchronizesWith?.isHighlyAvailable === false;
  problems.require(!atRisk || isReason(props.noHighAvailabilityReason), {
    id: 'MobiLink:Remote:NoHighAvailability',
    prop: 'noHighAvailabilityReason',
    rule: 'must say why neither the remote nor the consolidated database is highly available',
    value: props.noHighAvailabilityReason,
    fix: 'use a SqlAnywherePair on one side at least, or write the reason',
  });
  for (const prop of ['asynchronousReason', 'noHighAvailabilityReason'] as const) {
    const needed = prop === 'asynchronousReason' ? !database.isSynchronous : atRisk;
    problems.require(needed || props[prop] === undefined, {
      id: 'MobiLink:Remote:NeedlessReason',
      prop,
      rule: 'must be left out where nothing needs it: it would hide the next change that does',
      value: props[prop],
      fix: 'leave it out',
    });
  }
}

function isReason(text: string | undefined): boolean {
  return text !== undefined && (Token.isUnresolved(text) || text.trim() !== '');
}
