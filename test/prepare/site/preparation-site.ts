import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { expect } from 'vitest';
import type { PreparationPace } from '../../../image/supervisor/prepare';
import { LoopbackService } from '../../../rehearsal/cloud/loopback-service';
import { LoopbackS3 } from '../../../rehearsal/cloud/s3';
import { SecretsManager } from '../../../rehearsal/cloud/secrets-manager';
import { LOGIN_ARN } from '../../../rehearsal/mlsrv/told';

/** As quick as a test wants it. */
const PACE: PreparationPace = {
  database: { pauseMillis: 100, patienceMillis: 3_000 },
  lease: { pauseMillis: 100, renewMillis: 200, staleMillis: 1_500, patienceMillis: 20_000 },
};

const BUCKET = 'assets';

export interface GivenScript {
  readonly name: string;
  readonly version: string;
  readonly text: string;
  /** @default - that of the text */
  readonly sha256?: string;
}

export interface PreparationOptions {
  /** Variables more. */
  readonly environment?: Readonly<Record<string, string>>;
  /** @default run */
  readonly setUp?: 'run' | 'never';
  /** What Node runs instead of a preparation that is as quick as a test wants it. */
  readonly program?: readonly string[];
}

export interface Said {
  readonly event: string;
  readonly detail?: string;
  readonly script?: string;
}

export interface Preparation {
  readonly pid: number;
  /** Everything that was written so far. */
  readonly output: () => string;
  readonly said: () => Said[];
  /** The events, in their order. */
  readonly events: () => string[];
  /** What was told with the event, which happened. */
  readonly detail: (event: string) => string;
  readonly until: (event: string) => Promise<void>;
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly signal: (name: NodeJS.Signals) => void;
}

/** An installation of our own making, secrets, a bucket, and the preparation as a real process. */
export class PreparationSite {
  public static async start(): Promise<PreparationSite> {
    const folder = mkdtempSync(join(tmpdir(), 'mobilink-prepare-'));
    const program = join(folder, 'prepare.js');
    await build({
      entryPoints: [join(__dirname, 'prepare-program.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      target: 'node20',
      logLevel: 'warning',
    });
    const secrets = new SecretsManager({ now: () => Date.now() });
    return new PreparationSite(
      folder,
      program,
      secrets,
      await LoopbackService.start(secrets.standIn),
      await LoopbackS3.start(),
    );
  }

  private runs = 0;

  private constructor(
    public readonly folder: string,
    private readonly program: string,
    public readonly secrets: SecretsManager,
    private readonly secretsService: LoopbackService,
    public readonly s3: LoopbackS3,
  ) {}

  public get installation(): string {
    return join(this.folder, 'installation');
  }

  public logIn(username: string, password: string): void {
    this.secrets.put(LOGIN_ARN, JSON.stringify({ username, password }));
  }

  /** A file of the installation; a program if it lies in bin64. */
  public install(path: string, text: string): void {
    const file = join(this.installation, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (path.startsWith('bin64/')) chmodSync(file, 0o755);
  }

  public prepare(
    database: { readonly engine: string; readonly dsn: Readonly<Record<string, string>> },
    scripts: readonly GivenScript[] = [],
    { environment = {}, setUp = 'run', program = [this.program] }: PreparationOptions = {},
  ): Preparation {
    const scratch = join(this.folder, `scratch-${this.runs++}`);
    mkdirSync(scratch);
    if (!existsSync(this.installation)) mkdirSync(this.installation);
    const told = scripts.map(({ name, version, text, sha256 }) => {
      const key = `${name}-${version}-${this.runs}.sql`;
      this.s3.put(BUCKET, key, text);
      return { name, version, bucket: BUCKET, key, sha256: sha256 ?? sumOf(text) };
    });
    const child = spawn(process.execPath, program, {
      env: {
        PATH: process.env.PATH ?? '',
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_SECRETS_MANAGER: this.secretsService.endpoint,
        AWS_ENDPOINT_URL_S3: this.s3.endpoint,
        TEST_PACE: JSON.stringify(PACE),
        MOBILINK_DATABASE: JSON.stringify(database),
        MOBILINK_LOGIN_SECRET_ARN: LOGIN_ARN,
        MOBILINK_PREPARATION: JSON.stringify({ setUp, scripts: told }),
        SATMP: scratch,
        SQLANY17: this.installation,
        ...environment,
      },
      // So that a test can kill all of it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    const ended = new Promise<number | NodeJS.Signals>((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? code ?? -1));
    });
    const said = () => linesOf(output);
    const { pid } = child;
    if (pid === undefined) throw new Error('The preparation was not started');
    return {
      pid,
      output: () => output,
      said,
      ended,
      events: () => said().map(({ event }) => event),
      detail: (event) => {
        const found = said().find((it) => it.event === event);
        expect(found, output).toBeDefined();
        return found?.detail ?? '';
      },
      until: (event) =>
        expect
          .poll(() => said().map((it) => it.event), { timeout: 15_000, interval: 20, message: output })
          .toContain(event),
      signal: (name) => child.kill(name),
    };
  }

  public async stop(): Promise<void> {
    await Promise.all([this.secretsService.stop(), this.s3.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function linesOf(output: string): Said[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Said);
}
