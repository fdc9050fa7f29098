import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { HostNames } from './host-names';
import { readVariants, type Variants } from './variants';

/** A tool cannot do what it was told: the journal of the installation knows why. */
export class Refusal extends Error {}

/** SQL Anywhere on one host: where a tool finds its variants and its hosts, and writes down what was wrong with its use. */
export class Installation {
  constructor(
    public readonly folder: string,
    public readonly tool: string,
    /** What this host sees of the others. */
    private readonly hostsFile = process.env.SQLANY_STANDIN_HOSTS ?? path.join(folder, 'hosts'),
  ) {}

  /** Never a connection string. */
  public journal(text: string): void {
    appendFileSync(path.join(this.folder, 'journal'), `${this.tool} ${process.pid} ${text}\n`);
  }

  public variants(): Variants {
    return readVariants(path.join(this.folder, 'variants'));
  }

  public hosts(): HostNames {
    return new HostNames(this.hostsFile);
  }

  /** A path of the host: `MOBILINK_HA_ROOT` stands before those that a statement names. */
  public static onHost(file: string): string {
    const root = process.env.MOBILINK_HA_ROOT ?? '';
    return file.startsWith(`${root}/`) ? file : `${root}${file}`;
  }

  /** The arguments from the one @file; a secret on the command line is an error of whoever runs the tool. */
  public arguments(words: readonly string[]): string[] {
    const [word] = words;
    if (words.length !== 1 || !word?.startsWith('@')) throw new Refusal('the command line holds more than one @file');
    const file = word.slice(1);
    if (!existsSync(file)) throw new Refusal(`${file} is not there`);
    if ((statSync(file).mode & 0o777) !== 0o600) throw new Refusal(`others can read ${file}`);
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const quoted = /^"(.*)"$/.exec(line)?.[1];
        if (quoted === undefined && /\s/.test(line)) throw new Refusal(`'${line}' is not quoted`);
        const text = quoted ?? line;
        if (text.includes('"')) throw new Refusal('a quote inside an argument');
        return text;
      });
  }
}
