import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

const FOLDER = path.join(__dirname, '..', '..', 'host');

/** The package brings them; test/package looks that it does. */
const SCRIPTS = [
  'install-remote.sh',
  'define-remote.sh',
  'remote-configuration.sh',
  'sync-remote.sh',
  'sync-due.sh',
  'exchange-with-registry.sh',
];

/** Ends each script in the document; no line of a script may be this one. */
const END = 'MOBILINK_HA_SET_UP';

/** Systems Manager refuses longer ones (Systems Manager User Guide, "Systems Manager endpoints and quotas": document size). */
export const LONGEST_DOCUMENT = 64 * 1024;

/** Base64: text of many lines in one line that means nothing to any shell. */
const BASE64 = '^[A-Za-z0-9+/=]*$';

/**
 * The document of Systems Manager that sets up the hosts of remotes and keeps them up to date. It holds the scripts, so that a host
 * needs no access to S3 for them; there is one in a stack, for all remotes.
 */
export class SetUpDocument extends Construct {
  /** The document of this stack. */
  public static of(scope: Construct): SetUpDocument {
    const stack = Stack.of(scope);
    const there = stack.node.tryFindChild(ID);
    return there instanceof SetUpDocument ? there : new SetUpDocument(stack, ID);
  }

  /** The name that CloudFormation gives it. */
  public readonly documentName: string;

  /** Changes with every script: an association that names it runs again when one does. */
  public readonly scriptsHash: string;

  private constructor(scope: Construct, id: string) {
    super(scope, id);
    const scripts = SCRIPTS.map((name) => ({ name, text: readFileSync(path.join(FOLDER, name), 'utf8') }));
    const document = new ssm.CfnDocument(this, 'Document', {
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/',
      updateMethod: 'NewVersion',
      content: content(scripts),
    });
    this.documentName = document.ref;
    this.scriptsHash = createHash('sha256').update(JSON.stringify(scripts)).digest('hex');
  }
}

const ID = 'MobiLinkRemoteSetUp';

interface Script {
  readonly name: string;
  readonly text: string;
}

function content(scripts: Script[]): unknown {
  const parameter = (description: string) => ({
    type: 'String',
    description,
    default: '',
    allowedPattern: BASE64,
    interpolationType: 'ENV_VAR',
  });
  return {
    schemaVersion: '2.2',
    description: 'Installs and updates what a host of a MobiLink remote needs',
    parameters: {
      Configuration: parameter('remote.conf in base64; empty where its owner writes it'),
      Registry: parameter('registry.conf in base64; empty where the host reports nothing'),
      Schedules: parameter('schedules.conf in base64'),
      Definition: parameter('What is defined in the database, in base64'),
      Scripts: {
        type: 'String',
        description: 'Hash of the scripts of this document: a new one makes associations run',
        allowedPattern: '^[0-9a-f]{64}$',
      },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'SetUp',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: { timeoutSeconds: '3600', runCommand: unpacked(scripts) },
      },
    ],
  };
}

/** Whatever shell the agent uses writes the scripts into a folder of its own; bash runs the first one. */
function unpacked(scripts: Script[]): string[] {
  for (const { name, text } of scripts) {
    if (text.split('\n').includes(END) || text.includes('{{')) {
      throw new Error(`host/${name} must hold neither a line ${END} nor '{{', which Systems Manager replaces`);
    }
  }
  return [
    'umask 077',
    'folder=$(mktemp -d) || exit 1',
    ...scripts.flatMap(({ name, text }) => [
      `cat >"$folder/${name}" <<'${END}'`,
      ...text.replace(/\n+$/, '').split('\n'),
      END,
    ]),
    `exec /bin/bash --norc "$folder/${SCRIPTS[0]}" "$folder"`,
  ];
}
