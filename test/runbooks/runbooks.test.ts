import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import { InsideSchedule } from '../../lib';
import { PAIR_ACTIONS } from '../../lib/sql-anywhere/replacement-document';
import { buildApp, type SynthesizedStack, synthesize } from '../gates/app';
import { encrypted, monitored } from '../monitoring/monitored';
import { faultOf } from './aws-operations';
import { blocksOf, placeholdersOf, run } from './shell';

const FOLDER = 'docs/runbooks';
const HEADINGS = ['What users feel', 'How to confirm', 'What to do', 'How to know it is over'];

const pages = new Map(
  readdirSync(FOLDER).map((file) => [file.replace(/\.md$/, ''), readFileSync(path.join(FOLDER, file), 'utf8')]),
);
const index = pages.get('README') ?? '';
const books = [...pages].filter(([name]) => name !== 'README');

const { stages } = JSON.parse(readFileSync('cdk.json', 'utf8')).context['mobilink-ha'] as { stages: object };
const synthesized = Object.keys(stages).map((stage) => ({ stage, stacks: synthesize(buildApp({ stage })) }));

interface Found {
  readonly id: string;
  readonly description: string;
}

function alarmsIn(stacks: readonly Pick<SynthesizedStack, 'template'>[]): Found[] {
  return stacks.flatMap(({ template }) =>
    Object.entries(template.Resources)
      .filter(([, { Type }]) => /^AWS::CloudWatch::(Composite)?Alarm$/.test(Type))
      .map(([id, { Properties }]) => ({ id, description: JSON.stringify(Properties?.AlarmDescription) })),
  );
}

/** What the stages of the app do not have. */
function further(): Found[] {
  const { stack, system } = monitored((its) => ({ streams: [encrypted(its)] }));
  system.monitoring?.watchInside(InsideSchedule.every({ name: 'inside', interval: Duration.minutes(15) }));
  const code = lambda.Code.fromInline('exports.handler = () => {}');
  const runtime = lambda.Runtime.NODEJS_LATEST;
  const rotation = new lambda.Function(stack, 'Rotate', { runtime, handler: 'index.handler', code });
  system.monitoring?.watchRotation('Rotation', rotation);
  return alarmsIn([{ template: Template.fromStack(stack).toJSON() as SynthesizedStack['template'] }]);
}

const alarms = [...synthesized.flatMap(({ stacks }) => alarmsIn(stacks)), ...further()];
const linkOf = ({ description }: Found) => /docs\/runbooks\/([A-Za-z-]+)\.md/.exec(description)?.[1];

describe('each alarm', () => {
  it('of every stage leads to a runbook that is there', () => {
    expect(alarms.length).toBeGreaterThan(150);
    const lost = alarms.filter((alarm) => !pages.has(linkOf(alarm) ?? ''));
    expect(lost.map(({ id, description }) => `${id}: ${description}`)).toEqual([]);
  });

  it('is in the index, and the index names no other as an alarm', () => {
    const rows = [...index.matchAll(/^\| \[.*\]\(([a-z-]+)\.md\) \| .* \| (wakes|tells) \|$/gm)].map(
      ([, name]) => name,
    );
    const linked = new Set(alarms.map(linkOf).filter((name) => name !== 'README'));
    expect(rows.sort()).toEqual([...linked].sort());
  });

  it('that wakes people is marked so', () => {
    const { stack } = monitored();
    const [wake] = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::CompositeAlarm'));
    const rule = JSON.stringify(wake?.Properties.AlarmRule);
    const ofStack = Object.entries(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'));
    for (const [id, { Properties }] of ofStack) {
      const name = linkOf({ id, description: Properties.AlarmDescription });
      const marks = new RegExp(`\\(${name}\\.md\\) \\| .* \\| (wakes|tells) \\|`).exec(index)?.[1];
      if (!id.includes('FailoverUnderWay')) expect(marks, id).toBe(rule.includes(id) ? 'wakes' : 'tells');
    }
  });
});

describe('a runbook', () => {
  it.each(books)('%s has the four headings, in order, and something below each', (_name, text) => {
    const sections = text.split(/^## /m).slice(1);
    expect(sections.map((section) => section.split('\n', 1)[0])).toEqual(HEADINGS);
    for (const section of sections) expect(section.split('\n').slice(1).join('').trim().length).toBeGreaterThan(10);
  });

  it('is reached from the index, and each of its links leads somewhere', () => {
    for (const [name] of books) expect(index, name).toContain(`](${name}.md)`);
    for (const [name, text] of pages) {
      for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        expect(target.startsWith('https:') || existsSync(path.join(FOLDER, target)), `${name}: ${target}`).toBe(true);
      }
    }
  });

  it('names queries that are saved, and verbs that the command has', () => {
    const { stack } = monitored();
    const saved = Object.values(Template.fromStack(stack).findResources('AWS::Logs::QueryDefinition')).map(
      ({ Properties }) => String(Properties.Name).split('/').at(-1),
    );
    for (const [name, text] of pages) {
      for (const [, query] of text.matchAll(/saved query `([^`]+)`/g)) expect(saved, name).toContain(query);
      for (const [, verb] of text.matchAll(/npx mobilink-ha (\w+(?: \w+)?)/g)) {
        expect(
          [
            'status',
            'doctor',
            'runs',
            'remotes list',
            'remotes import',
            'remotes pause',
            'remotes resume',
            'sync stores',
          ],
          name,
        ).toContain(verb);
      }
    }
  });

  it('names units, scripts and logs that the hosts have', () => {
    const host = readdirSync('host')
      .map((file) => readFileSync(path.join('host', file), 'utf8'))
      .join('\n');
    for (const [name, text] of pages) {
      for (const [, unit = ''] of text.matchAll(/(mobilink-ha-[a-z-]+)\.(?:service|timer)/g))
        expect(host, name).toContain(unit);
      for (const [, log = ''] of text.matchAll(/\/var\/log\/mobilink-ha\/([a-z-]+\.log)/g))
        expect(host, name).toContain(`$LOGS/${log}`);
      for (const [, script = ''] of text.matchAll(/\/opt\/mobilink-ha\/([a-z-]+\.sh)/g))
        expect(existsSync(`host/${script}`), name).toBe(true);
    }
  });
});

describe('the commands', () => {
  const [names = ''] = blocksOf(index);
  const scripts = [...pages].map(([name, text]): [string, string] => {
    const inline = [...text.matchAll(/`(aws [^`\n]+)`/g)].map(([, command = '']) => command);
    const blocks = [...blocksOf(text), ...inline];
    return [name, (name === 'README' ? [...blocks, 'roles'] : [names, ...blocks]).join('\n')];
  });

  /** Whether a stack of some stage has one such resource, and none has two: then its name is not clear. */
  function isClear(stack: string, type: string, part: string): boolean {
    const counts = synthesized.flatMap(({ stacks }) =>
      stacks
        .filter(({ name }) => name.endsWith(`-${stack}`))
        .map(
          ({ template }) =>
            Object.entries(template.Resources).filter(([id, it]) => it.Type === type && id.includes(part)).length,
        ),
    );
    return counts.includes(1) && Math.max(...counts) === 1;
  }

  it.each(scripts)('of %s are understood, and name what the templates make', async (_name, script) => {
    const given = Object.fromEntries(placeholdersOf(script).map((name) => [name, name.toLowerCase()]));
    const { commands, complaint } = run(script, given);
    expect(complaint).toBe('');
    const faults: string[] = [];
    for (const [program, ...words] of commands) {
      if (program === 'aws') {
        const fault = await faultOf(words);
        if (fault) faults.push(`${fault}: aws ${words.join(' ')}`);
        for (const word of words) {
          if (/^[{[]/.test(word) && !/^\[Metric/.test(word) && words[words.indexOf(word) - 1] !== '--query')
            JSON.parse(word);
          const [, action] = /^Action=(.+)$/.exec(word) ?? [];
          if (action && !(PAIR_ACTIONS as readonly string[]).includes(action)) faults.push(`unknown action ${action}`);
        }
      }
      if (program === 'npx' && words[0] === 'cdk') {
        const [, verb = '', stack = ''] = words;
        if (!['deploy', 'diff', 'synth'].includes(verb)) faults.push(`unknown verb ${verb}`);
        if (!synthesized.some(({ stacks }) => stacks.some(({ name }) => name === stack)))
          faults.push(`unknown stack ${stack}`);
      }
      for (const word of words) {
        const [, stack = '', type = '', part = ''] = /^resource\/(\w+)\/([\w:]+)\/(\w+)/.exec(word) ?? [];
        if (type && !isClear(stack, type, part)) faults.push(`not one ${type} with ${part} in ${stack}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('are many, and what is to be filled in is told', () => {
    const all = scripts.flatMap(
      ([, script]) => run(script, Object.fromEntries(placeholdersOf(script).map((it) => [it, 'x']))).commands,
    );
    expect(all.filter(([program]) => program === 'aws').length).toBeGreaterThan(150);
    expect(all.flat().filter((word) => word.startsWith('resource/State')).length).toBeGreaterThan(60);
    for (const [name, script] of scripts) {
      for (const placeholder of placeholdersOf(script)) {
        const page = pages.get(name) ?? '';
        expect(
          /^[A-Z_]+$/.test(placeholder) && (page.includes(`$${placeholder}`) || index.includes(placeholder)),
          name,
        ).toBe(true);
      }
    }
  });

  it('that are wrong are found', async () => {
    const bad =
      'aws ecs update-service --clustr x\naws ecs upgrade-service\naws ec2 describe-volums\naws nothing at-all\nif then';
    const { commands, complaint } = run(bad.replace('\nif then', ''), {});
    const faults = await Promise.all(commands.map(([, ...words]) => faultOf(words)));
    expect(faults).toEqual([
      'unknown option --clustr',
      'unknown operation ecs upgrade-service',
      'unknown operation ec2 describe-volums',
      'unknown service nothing',
    ]);
    expect(complaint).toBe('');
    expect(run(bad, {}).complaint).toContain('syntax error');
    expect(run('echo "$unset"', {}).complaint).toContain('unbound variable');
    expect(isClear('Stateless', 'AWS::ECS::Service', 'Farm')).toBe(true);
    expect(isClear('Stateless', 'AWS::ECS::Service', 'Firm')).toBe(false);
    expect(isClear('Stateless', 'AWS::SQS::Queue', 'Dispatch')).toBe(false);
  });
});
