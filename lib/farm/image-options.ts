import type { LicenceKey } from './licence-key';

/** Which image of a repository. */
export interface EcrImageOptions {
  /**
   * The tag; `latest` is refused. Make tags immutable in the repository, or give the digest.
   *
   * @default - the digest is given
   */
  readonly tag?: string;

  /**
   * The digest, `sha256:` and 64 hexadecimal digits: the one name that always means the same image.
   *
   * @default - the tag is given
   */
  readonly digest?: string;

  /**
   * The ODBC driver of the image that the servers use: its name in `odbcinst.ini`, or the path of its library.
   *
   * @default - the engine's usual one: MariaDB Connector/ODBC for MySQL, SAP's own for SQL Anywhere
   */
  readonly odbcDriver?: string;
}

/** How an image is built from SAP's installer. */
export interface InstallerImageOptions {
  /**
   * SAP's registration key.
   *
   * @default - none, as for an installed tree, and for editions that install without
   */
  readonly licenceKey?: LicenceKey;

  /**
   * The ODBC driver that the servers use, if the hooks install one: its name in `odbcinst.ini`, or the path of its library.
   *
   * @default - MariaDB Connector/ODBC for MySQL, which SAP does not test; SAP's own for SQL Anywhere
   */
  readonly odbcDriver?: string;

  /**
   * Whether the database's certificate may also lead to the public authorities that Debian trusts. Those of RDS are not among them.
   *
   * @default false: `certificates/` alone counts
   */
  readonly trustPublicAuthorities?: boolean;

  /**
   * Any text; another one builds the image anew. The rest of what goes into it comes from Debian, whose fixes no hash here can see.
   *
   * @default - none
   */
  readonly revision?: string;

  /**
   * Debian 12, slim, by tag or better by digest.
   *
   * @default 'debian:bookworm-slim'
   */
  readonly baseImage?: string;

  /**
   * An image for the same Debian with Node 20 or newer as `/usr/local/bin/node`, by tag or better by digest. Only this program is taken.
   *
   * @default 'node:24-bookworm-slim'
   */
  readonly nodeImage?: string;
}
