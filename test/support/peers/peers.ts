import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { diskFolder } from '../stores/fast-files.ts'

/** Programs that we did not write and that talk to us, with the Debian packages that bring them. */
export const debianPackages = {
  curl: 'curl',
  'dnssec-signzone': 'bind9-utils',
  doveadm: 'dovecot-core',
  fetchmail: 'fetchmail',
  getmail: 'getmail6',
  git: 'git',
  gsasl: 'gsasl',
  haproxy: 'haproxy',
  htpasswd: 'apache2-utils',
  maildrop: 'maildrop',
  mariadbd: 'mariadb-server',
  mbsync: 'isync',
  mkpasswd: 'whois',
  mpop: 'mpop',
  msmtp: 'msmtp',
  mutt: 'mutt',
  offlineimap: 'offlineimap3',
  opendkim: 'opendkim',
  opendmarc: 'opendmarc',
  openssl: 'openssl',
  php: 'php-cli',
  pebble: 'pebble',
  'policyd-spf': 'postfix-policyd-spf-python',
  postgrey: 'postgrey',
  postmap: 'postfix',
  postsrsd: 'postsrsd',
  procmail: 'procmail',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  python3: 'python3',
  rspamd: 'rspamd',
  's-nail': 's-nail',
  script: 'bsdutils',
  'smtp-source': 'postfix',
  strace: 'strace',
  swaks: 'swaks',
  'systemd-socket-activate': 'systemd',
  unbound: 'unbound',
} as const

/** Parts of these programs that Debian packages apart, each known by any of some files. */
export const debianModules: Readonly<Record<string, readonly string[]>> = {
  'dovecot-imapd': ['/usr/lib/dovecot/imap'],
  'dovecot-lmtpd': ['/usr/lib/dovecot/lmtp'],
  'dovecot-mysql': [
    '/usr/lib/dovecot/modules/libdriver_mysql.so',
    '/usr/lib/dovecot/modules/auth/libdriver_mysql.so',
  ],
  'dovecot-pop3d': ['/usr/lib/dovecot/pop3'],
  'git-email': ['/usr/lib/git-core/git-send-email'],
  'libmailtools-perl': ['/usr/share/perl5/Mail/Address.pm'],
  // What swaks needs for TLS.
  'libio-socket-ssl-perl': ['/usr/share/perl5/IO/Socket/SSL.pm'],
  'postfix-mysql': ['/usr/lib/postfix/postfix-mysql.so', '/usr/lib/postfix/dict_mysql.so'],
  'python3-flufl.bounce': ['/usr/lib/python3/dist-packages/flufl/bounce/__init__.py'],
  'python3-milter': ['/usr/lib/python3/dist-packages/Milter/__init__.py'],
}

/** What cannot be installed beside others of these, such as a second IMAP server: unpacked, and run from where it lies. */
export const unpackedPackages = {
  courier: ['courier-imap', 'courier-pop'],
  exim: ['exim4-daemon-light'],
  nginx: ['nginx', 'libnginx-mod-mail'],
  opensmtpd: ['opensmtpd'],
  // With the PHP that it runs in, and without the web servers that would come along.
  roundcube: ['roundcube-core', 'roundcube-sqlite3'],
} as const

export type PeerProgram = keyof typeof debianPackages

/** A program that we did not write and that talks to us. */
export interface Peer {
  readonly available: boolean
  /** The program's name, and why its tests do not run where they do not: `describe.runIf(peer.available)(peer.title, …)`. */
  readonly title: string
}

/**
 * Looks for a program, and installs its package where that is allowed: as root on Debian. Elsewhere its tests are
 * left out, visibly; with `CI=true` a missing program is an error.
 */
export function requirePeer(program: PeerProgram): Peer {
  const debianPackage = debianPackages[program]
  if (!isProgram(program)) installPackages([debianPackage])
  return isProgram(program)
    ? { available: true, title: program }
    : leftOut(`${program} is not installed (Debian package ${debianPackage})`)
}

/** The same for a program with parts of it. */
export function requirePeerModule(
  program: PeerProgram,
  ...modules: readonly (keyof typeof debianModules)[]
): Peer {
  const peer = requirePeer(program)
  if (!peer.available) return peer
  const missing = modules.filter((module) => !isModule(module))
  if (missing.length > 0) installPackages(missing)
  const still = missing.filter((module) => !isModule(module))
  return still.length === 0 ? peer : leftOut(`${program} is installed without ${still.join(', ')}`)
}

/** A peer that is not installed. */
export interface UnpackedPeer extends Peer {
  /** The folder that is `/` to its packages. */
  readonly root: string
}

/** The same for what is unpacked only. */
export function requireUnpackedPeer(name: keyof typeof unpackedPackages): UnpackedPeer {
  const root = unpackedRoot(name)
  if (!isOwnFolder(root)) unpack(name)
  const packages = unpackedPackages[name].join(', ')
  const peer = isOwnFolder(root)
    ? { available: true, title: name }
    : leftOut(`${name} is not unpacked (Debian packages ${packages})`)
  return { ...peer, root }
}

/** Installs all peers that are missing with one call, so that test files need not wait for each other's. */
export function installPeers(): void {
  const programs = Object.entries(debianPackages).filter(([program]) => !isProgram(program))
  const modules = Object.keys(debianModules).filter((module) => !isModule(module))
  const missing = new Set([...programs.map(([, debianPackage]) => debianPackage), ...modules])
  if (missing.size > 0) installPackages([...missing])
  const names = Object.keys(unpackedPackages) as (keyof typeof unpackedPackages)[]
  for (const name of names) if (!isOwnFolder(unpackedRoot(name))) unpack(name)
}

function leftOut(problem: string): Peer {
  if (process.env.CI === 'true') throw new Error(problem)
  console.warn(`left out: ${problem}`)
  return { available: false, title: problem }
}

// Debian has servers where only root looks.
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

function isProgram(program: string): boolean {
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function isModule(module: string): boolean {
  return debianModules[module]?.some((file) => existsSync(file)) ?? false
}

// Kept from one run to the next, as installed packages are.
const unpackedFolder = join(diskFolder(), `mailwright-peers-${userInfo().uid}`)

function unpackedRoot(name: keyof typeof unpackedPackages): string {
  return join(unpackedFolder, name)
}

/** Programs are not run from a folder that another user made there first. */
function isOwnFolder(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false })
  return status?.isDirectory() === true && status.uid === userInfo().uid
}

/** Nothing where that is not allowed. What the packages need and the system lacks is unpacked with them. */
function unpack(name: keyof typeof unpackedPackages): void {
  if (!mayInstall()) return
  mkdirSync(unpackedFolder, { recursive: true, mode: 0o700 })
  if (!isOwnFolder(unpackedFolder)) return
  const temporary = mkdtempSync(join(unpackedFolder, 'unpacking-'))
  const [archives, root] = [join(temporary, 'archives'), join(temporary, 'root')]
  mkdirSync(join(archives, 'partial'), { recursive: true })
  mkdirSync(root)
  try {
    aptGetInstall(['--download-only', '-o', `Dir::Cache::archives=${archives}`, ...unpackedPackages[name]])
    const files = readdirSync(archives).filter((file) => file.endsWith('.deb'))
    const unpacked = files.map((file) => spawnSync('dpkg', ['-x', join(archives, file), root]).status)
    // Another process may have been faster.
    if (files.length > 0 && unpacked.every((status) => status === 0) && !existsSync(unpackedRoot(name)))
      renameSync(root, unpackedRoot(name))
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

const policy = '/usr/sbin/policy-rc.d'

/** Nothing where that is not allowed. The packages' own services are not started: tests start what they need. */
function installPackages(packages: readonly string[]): void {
  if (!mayInstall()) return
  const ownPolicy = !existsSync(policy)
  if (ownPolicy) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    aptGetInstall(packages)
  } finally {
    if (ownPolicy) rmSync(policy, { force: true })
  }
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version')
}

/** Runs `apt-get install`, and again with fresh lists of packages where that fails. */
function aptGetInstall(words: readonly string[]): void {
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'ignore',
    timeout: 600_000,
  } as const
  const command = [
    '-y',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=120',
    'install',
    '--no-install-recommends',
    ...words,
  ]
  if (spawnSync('apt-get', command, options).status === 0) return
  spawnSync('apt-get', ['-q', 'update'], options)
  spawnSync('apt-get', command, options)
}
