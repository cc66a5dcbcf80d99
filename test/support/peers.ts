import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

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
export function requirePeer(program: string, debianPackage: string): Peer {
  if (!isInstalled(program) && process.getuid?.() === 0 && existsSync('/etc/debian_version'))
    install(debianPackage)
  if (isInstalled(program)) return { available: true, title: program }
  const problem = `${program} is not installed (Debian package ${debianPackage})`
  if (process.env.CI === 'true') throw new Error(problem)
  console.warn(`left out: ${problem}`)
  return { available: false, title: problem }
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function install(debianPackage: string): void {
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'ignore',
    timeout: 120_000,
  } as const
  // Another test file may be installing at the same time: wait for its lock.
  const apt = [
    '-y',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=60',
    'install',
    '--no-install-recommends',
    debianPackage,
  ]
  if (spawnSync('apt-get', apt, options).status === 0) return
  spawnSync('apt-get', ['-q', 'update'], options)
  spawnSync('apt-get', apt, options)
}
