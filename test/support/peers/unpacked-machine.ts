import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { environment, type Finished, runProcess } from '../run-process.ts'
import { requireUnpackedPeer, type UnpackedPeer, type unpackedPackages } from './peers.ts'

/**
 * The machine as it is for programs that are unpacked only and look for everything where they were made to: they are in
 * /usr/sbin and /usr/libexec, and /etc, /run and /var are folders of the test's own. Nobody else sees any of it.
 */
export interface UnpackedMachine {
  /** Where a place of that machine, such as /var/mail, lies on this one. */
  place(path: string): string
  /** Starts a program by its path on that machine; signals reach the program itself. */
  start(program: string, words: readonly string[]): ChildProcess
  /** Runs one to its end. */
  run(program: string, words: readonly string[], stdin?: string): Promise<Finished>
}

export interface MachineParts {
  /** Users that its programs look for, beside root and nobody. */
  readonly users: readonly string[]
  /** Names that it has for 127.0.0.1, beside localhost. */
  readonly hosts: readonly string[]
  /** Files in /etc. */
  readonly files: Readonly<Record<string, string>>
  /** Folders, and whose they are: root where that is empty. */
  readonly folders: Readonly<Record<string, string>>
}

/** Nobody's mail is delivered as root's. */
export const nobody = 65_534
// Beyond those that Debian gives away.
const firstUser = 61_200

/** Looks for packages that are unpacked, and whether they can have such a machine. */
export function requireMachinePeer(name: keyof typeof unpackedPackages): UnpackedPeer {
  if (mayMount()) return requireUnpackedPeer(name)
  return { available: false, title: `${name} (as root, who may mount)`, root: '' }
}

/** Makes one in a folder. */
export async function unpackedMachine(
  { root }: UnpackedPeer,
  folder: string,
  { users, hosts, files, folders }: MachineParts,
): Promise<UnpackedMachine> {
  const place = (path: string) => join(folder, path)
  const ids = new Map(users.map((user, index) => [user, firstUser + index]))
  const written = {
    '/etc/passwd': accounts(ids, (user, id) => `${user}:x:${id}:${id}::/var/empty:/bin/false`),
    '/etc/group': accounts(ids, (group, id) => `${group}:x:${id}:`),
    '/etc/hosts': `127.0.0.1 localhost ${hosts.join(' ')}\n`,
    '/etc/nsswitch.conf': 'hosts: files\n',
    '/etc/resolv.conf': '',
    '/etc/ld.so.conf': `${libraryFolders('/mnt').join('\n')}\n`,
    ...files,
  }
  for (const each of ['/etc', '/run', '/var', '/var/empty', '/var/tmp'])
    await mkdir(place(each), { recursive: true })
  await symlink('/run', place('/var/run'))
  for (const [path, owner] of Object.entries(folders)) {
    await mkdir(place(path), { recursive: true })
    const id = String(ids.get(owner) ?? (owner === 'nobody' ? nobody : 0))
    spawnSync('chown', [`${id}:${id}`, place(path)])
  }
  for (const [path, text] of Object.entries(written)) {
    await mkdir(dirname(place(path)), { recursive: true })
    await writeFile(place(path), text)
  }
  const inside = (program: string, words: readonly string[]) =>
    ['--mount', 'sh', '-c', enter, 'sh', root, folder, program, ...words] as const
  return {
    place,
    start: (program, words) =>
      spawn('unshare', inside(program, words), {
        cwd: '/',
        env: environment(),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    run: (program, words, stdin = '') =>
      runProcess('unshare', inside(program, words), { folder: '/', stdin }),
  }
}

function accounts(ids: ReadonlyMap<string, number>, line: (name: string, id: number) => string): string {
  return [['root', 0] as const, ['nobody', nobody] as const, ...ids]
    .map(([name, id]) => `${line(name, id)}\n`)
    .join('')
}

// The packages are at /mnt, too, for their libraries: programs that are set-user-id find these by the cache only. What
// hides the folders that all comes from is last.
const enter = `set -e
mount --make-rprivate /
mount --bind "$1" /mnt
mount -o remount,bind,suid,exec /mnt 2>/dev/null || :
mount --bind "$2/etc" /etc
mount --bind "$2/run" /run
[ -e /etc/ld.so.cache ] || /sbin/ldconfig -X
for folder in /usr/sbin /usr/libexec; do [ ! -d "/mnt$folder" ] || mount --bind "/mnt$folder" "$folder"; done
mount --bind "$2/var" /var
shift 2
exec "$@"`

/** Where packages have their libraries that are unpacked in a folder. */
export function libraryFolders(root: string): readonly string[] {
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string] ?? process.arch
  return [`usr/lib/${machine}-linux-gnu`, 'usr/lib', `lib/${machine}-linux-gnu`].map((folder) =>
    join(root, folder),
  )
}

function mayMount(): boolean {
  const words = ['--mount', 'sh', '-c', 'mount --make-rprivate / && mount --bind /usr /mnt']
  return process.getuid?.() === 0 && spawnSync('unshare', words, { stdio: 'ignore' }).status === 0
}
