import * as v from 'valibot';
import type { Deployment } from '../assembly/deployment';
import type { InsideSetUp } from '../hosts/database-events';
import { deployedRemotes } from './custom-resources';
import { read } from './descriptions';
import { roleOfGroup } from './mirrored-pairs';

const text = v.string();
const encoded = v.pipe(
  v.array(text),
  v.transform(([base64 = '']) => Buffer.from(base64, 'base64').toString('utf8')),
);

const association = v.object({
  Name: text,
  Parameters: v.object({
    Configuration: v.optional(encoded, []),
    Schedules: v.optional(encoded, []),
    Registry: v.optional(encoded, []),
  }),
});

const setUpDocument = v.object({
  Content: v.object({ mainSteps: v.tuple([v.object({ inputs: v.object({ runCommand: v.array(text) }) })]) }),
});

/** The remote of a deployment whose database starts syncs itself. */
export interface InsideRemote extends InsideSetUp {
  readonly group: string;
  readonly remoteName: string;
  /** Of its hosts. */
  readonly roleArn: string;
}

/** The first remote with schedules of its own, as its association sets it up; undefined without one. */
export function findInsideRemote(deployment: Deployment): InsideRemote | undefined {
  for (const { remoteName, group, autoScalingGroups } of deployedRemotes(deployment)) {
    for (const it of deployment.ofType('AWS::SSM::Association')) {
      const { Name, Parameters } = read(it, association);
      const { Configuration, Schedules, Registry } = Parameters;
      const document = deployment.find(Name);
      if (!Configuration.includes(`REMOTE=${group}/${remoteName}\n`) || Schedules === '' || !document) continue;
      const roleArn = roleOfGroup(deployment, autoScalingGroups[0] ?? '');
      const { runCommand } = read(document, setUpDocument).Content.mainSteps[0].inputs;
      return { group, remoteName, roleArn, schedules: Schedules, registry: Registry, scripts: unpack(runCommand) };
    }
  }
  return undefined;
}

/** The here-documents by which the document writes its scripts. */
function unpack(lines: readonly string[]): Map<string, string> {
  const scripts = new Map<string, string>();
  for (let at = 0; at < lines.length; at++) {
    const [, name, end] = /^cat >"\$folder\/([a-z-]+\.sh)" <<'(\w+)'$/.exec(lines[at] ?? '') ?? [];
    if (name === undefined || end === undefined) continue;
    const last = lines.indexOf(end, at);
    scripts.set(name, `${lines.slice(at + 1, last).join('\n')}\n`);
    at = last;
  }
  return scripts;
}
