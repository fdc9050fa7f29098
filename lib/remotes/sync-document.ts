import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

/** The package brings them; test/package looks that it does. The first defines what the second would read from its folder. */
const SCRIPTS = ['remote-configuration.sh', 'sync-remote.sh'].map((name) =>
  path.join(__dirname, '..', '..', 'host', name),
);

/** Ends the script in the document; no line of the script may be this one. */
const END_OF_SCRIPT = 'MOBILINK_HA_SYNC_REMOTE';

const RUN_ID = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}@[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$';
const PROFILE = '^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$';
const SECONDS = '^[0-9]{2,6}$';

/**
 * The document of Systems Manager by which a remote is synchronized: `host/sync-remote.sh`, and nothing that comes from outside
 * but three parameters, each with a pattern. Two of them reach the script as environment variables, which needs an agent of
 * version 3.3.2746.0 or newer; the third is the time-out of the step. None becomes shell.
 *
 * A change of the script makes a new version of the document in place. Cost: none.
 */
export class SyncDocument extends Construct {
  /** The document. */
  public readonly document: ssm.CfnDocument;

  /** The name that CloudFormation gives it. */
  public readonly documentName: string;

  /** What a permission to send it names. */
  public readonly documentArn: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.document = new ssm.CfnDocument(this, 'Document', {
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/',
      // The default, Replace, would need another name each time.
      updateMethod: 'NewVersion',
      content: content(SCRIPTS.map((script) => readFileSync(script, 'utf8')).join('')),
    });
    this.documentName = this.document.ref;
    this.documentArn = Stack.of(this).formatArn({
      service: 'ssm',
      resource: 'document',
      resourceName: this.documentName,
    });
  }
}

function content(script: string): unknown {
  return {
    schemaVersion: '2.2',
    description: 'Synchronizes the MobiLink remote of this host, if its database is the primary',
    parameters: {
      RunId: {
        type: 'String',
        description: 'The run that the sync belongs to',
        allowedPattern: RUN_ID,
        interpolationType: 'ENV_VAR',
      },
      Profile: {
        type: 'String',
        description: 'Synchronization profile; empty for the one that the host is configured with',
        default: '',
        allowedPattern: PROFILE,
        interpolationType: 'ENV_VAR',
      },
      ExecutionTimeout: {
        type: 'String',
        description: 'Seconds after which Systems Manager ends the script',
        default: '86400',
        allowedPattern: SECONDS,
      },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'SyncRemote',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: { timeoutSeconds: '{{ ExecutionTimeout }}', runCommand: inBash(script) },
      },
    ],
  };
}

/**
 * Whatever shell the agent uses, bash runs the script and has its text at hand, so that it can run itself once more as the user
 * of the database. The text arrives on standard input: bash 4.2, the shell of Amazon Linux 2, spoils it inside `$(cat <<...)`.
 * Without `--norc`, bash reads root's `.bashrc` when its input is a socket, and what that prints is taken for the script's word.
 */
function inBash(script: string): string[] {
  const lines = script.replace(/\n+$/, '').split('\n');
  if (lines.includes(END_OF_SCRIPT) || script.includes('{{')) {
    throw new Error(
      `host/remote-configuration.sh and host/sync-remote.sh must hold neither a line ${END_OF_SCRIPT} nor '{{', which Systems Manager replaces`,
    );
  }
  return [
    `exec /bin/bash --norc -c 'exec /bin/bash --norc -c "$(cat)" sync-remote.sh </dev/null' <<'${END_OF_SCRIPT}'`,
    ...lines,
    END_OF_SCRIPT,
  ];
}
