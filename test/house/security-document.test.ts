import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { buildApp, type Resource, synthesize } from '../gates/app';

const DOCUMENT = 'docs/security.md';
const STAGES = ['dev', 'pair', 'bothMirrored'];

interface Statement {
  readonly Action?: string | string[];
  readonly Principal?: unknown;
}
interface Row {
  readonly principals: Set<string>;
  readonly actions: Set<string>;
}

/** By role, without the hash that CloudFormation needs. */
function rolesOf(templates: readonly { Resources: Record<string, Resource> }[]): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const { Resources } of templates) {
    for (const [id, { Type, Properties = {} }] of Object.entries(Resources)) {
      if (Type !== 'AWS::IAM::Role') continue;
      const name = id.replace(/[0-9A-F]{8}$/, '').replace(/^LogRetention[0-9a-f]{32}/, 'LogRetention');
      const row = rows.get(name) ?? { principals: new Set(), actions: new Set() };
      const assumed = JSON.stringify(Properties.AssumeRolePolicyDocument);
      for (const service of assumed.match(/[a-z0-9-]+(?=\.amazonaws\.com)/g) ?? []) row.principals.add(service);
      for (const arn of JSON.stringify(Properties.ManagedPolicyArns ?? []).match(/(?<=policy\/)[\w/-]+/g) ?? [])
        row.actions.add(arn);
      const inline = ((Properties.Policies ?? []) as { PolicyDocument: unknown }[]).map((it) => it.PolicyDocument);
      const attached = Object.values(Resources).filter(
        (it) =>
          /::(Policy|RolePolicy|ManagedPolicy)$/.test(it.Type) &&
          JSON.stringify(it.Properties).includes(`{"Ref":"${id}"}`),
      );
      for (const document of [...inline, ...attached.map((it) => it.Properties?.PolicyDocument)]) {
        const { Statement: statements = [] } = document as { Statement?: Statement[] };
        for (const { Action = [] } of statements) for (const action of [Action].flat()) row.actions.add(action);
      }
      rows.set(name, row);
    }
  }
  return rows;
}

function table(rows: ReadonlyMap<string, Row>): string {
  const lines = [...rows]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { principals, actions }]) => {
      const may = [...actions]
        .sort()
        .map((it) => `\`${it}\``)
        .join(', ');
      return `| ${name} | ${[...principals].sort().join(', ')} | ${may || 'nothing'} |`;
    });
  return ['| role | of | may |', '|---|---|---|', ...lines].join('\n');
}

it('the table of roles is that of the templates; UPDATE_DOCUMENTS=1 writes it', () => {
  const templates = STAGES.flatMap((stage) => synthesize(buildApp({ stage })).map(({ template }) => template));
  const wanted = `<!-- roles -->\n${table(rolesOf(templates))}\n<!-- /roles -->`;
  const text = readFileSync(DOCUMENT, 'utf8');
  const written = /<!-- roles -->[\s\S]*<!-- \/roles -->/.exec(text)?.[0] ?? '';
  if (process.env.UPDATE_DOCUMENTS === '1')
    writeFileSync(
      DOCUMENT,
      text.replace(written, () => wanted),
    );
  else expect(written).toBe(wanted);
});
