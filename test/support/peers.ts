import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that we did not write and that talk to us, with the Debian packages that bring them. */
export const debianPackages = {
  curl: 'curl',
  doveadm: 'dovecot-core',
  fetchmail: 'fetchmail',
  getmail: 'getmail6',
  htpasswd: 'apache2-utils',
  maildrop: 'maildrop',
  mariadbd: 'mariadb-server',
  mkpasswd: 'whois',
  mpop: 'mpop',
  mutt: 'mutt',
  openssl: 'openssl',
  postmap: 'postfix',
  procmail: 'procmail',
  python3: 'python3',
  script: 'bsdutils',
  swaks: 'swaks',
} as const

/** Parts of these programs that Debian packages apart, each known by any of some files. */
export const debianModules: Readonly<Record<string, readonly string[]>> = {
  'dovecot-mysql': [
    '/usr/lib/dovecot/modules/libdriver_mysql.so',
    '/usr/lib/dovecot/modules/auth/libdriver_mysql.so',
  ],
  // What swaks needs for TLS.
  'libio-socket-ssl-perl': ['/usr/share/perl5/IO/Socket/SSL.pm'],
  'postfix-mysql': ['/usr/lib/postfix/postfix-mysql.so', '/usr/lib/postfix/dict_mysql.so'],
}

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

/** The same for a program with a part of it. */
export function requirePeerModule(program: PeerProgram, module: keyof typeof debianModules): Peer {
  const peer = requirePeer(program)
  if (!peer.available) return peer
  if (!isModule(module)) installPackages([module])
  return isModule(module) ? peer : leftOut(`${program} is installed without ${module}`)
}

/** Installs all peers that are missing with one call, so that test files need not wait for each other's. */
export function installPeers(): void {
  const programs = Object.entries(debianPackages).filter(([program]) => !isProgram(program))
  const modules = Object.keys(debianModules).filter((module) => !isModule(module))
  const missing = new Set([...programs.map(([, debianPackage]) => debianPackage), ...modules])
  if (missing.size > 0) installPackages([...missing])
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

const policy = '/usr/sbin/policy-rc.d'

/** Nothing where that is not allowed. The packages' own services are not started: tests start what they need. */
function installPackages(packages: readonly string[]): void {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'ignore',
    timeout: 600_000,
  } as const
  const words = [
    '-y',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=120',
    'install',
    '--no-install-recommends',
    ...packages,
  ]
  const ownPolicy = !existsSync(policy)
  if (ownPolicy) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    if (spawnSync('apt-get', words, options).status === 0) return
    spawnSync('apt-get', ['-q', 'update'], options)
    spawnSync('apt-get', words, options)
  } finally {
    if (ownPolicy) rmSync(policy, { force: true })
  }
}
