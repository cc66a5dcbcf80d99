import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { bad, doubt, type Finding, good } from './finding.ts'

/** The file system that a folder lies in, as the kernel tells it. */
export interface Mount {
  /** Such as `ext4`. */
  readonly type: string
  readonly options: readonly string[]
  readonly source: string
  /** Such as `254:0`. */
  readonly device: string
  readonly path: string
}

/** What the kernel tells of the disk under a file system. */
export interface Disk {
  /** Such as `write back`. */
  readonly cache: string | undefined
  readonly turns: boolean
}

/** Where the kernel tells of itself: `/proc` and `/sys`. Tests have others. */
export interface KernelFolders {
  readonly proc: string
  readonly sys: string
}

const volatile = ['tmpfs', 'ramfs', 'devtmpfs']
const remote = ['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'glusterfs', '9p', 'virtiofs', 'fuse', 'fuseblk']
/** Options with which a sync does not reach the disk, or leaves files that were not written. */
const unsafe: Readonly<Record<string, string>> = {
  nobarrier: 'syncs do not empty the write cache of the disk',
  'barrier=0': 'syncs do not empty the write cache of the disk',
  'barrier=none': 'syncs do not empty the write cache of the disk',
  'nobarrier=1': 'syncs do not empty the write cache of the disk',
  'fsync_mode=nobarrier': 'syncs do not empty the write cache of the disk',
  noflushd: 'what was written stays in memory',
  'data=writeback': 'names may be there before what is in the files',
}

// Those of the kernel itself, in which nobody keeps mail.
const pseudo = [
  'proc',
  'sysfs',
  'devpts',
  'cgroup',
  'cgroup2',
  'mqueue',
  'debugfs',
  'tracefs',
  'securityfs',
  'bpf',
]

/** The mount that a folder belongs to; undefined where the kernel does not tell. */
export async function mountOf(folder: string, kernel: KernelFolders): Promise<Mount | undefined> {
  const path = await realpath(folder)
  let found: Mount | undefined
  for (const mount of await mounts(kernel)) {
    if (!isBelow(path, mount.path)) continue
    // Of two at one place the later one lies on top.
    if (found === undefined || mount.path.length >= found.path.length) found = mount
  }
  return found
}

/** Where other file systems begin below a folder, by its real path. */
export async function mountPointsBelow(folder: string, kernel: KernelFolders): Promise<readonly string[]> {
  const below = (await mounts(kernel)).filter(
    ({ path, type }) => path !== folder && isBelow(path, folder) && !pseudo.includes(type),
  )
  return [...new Set(below.map(({ path }) => path))]
}

async function mounts({ proc }: KernelFolders): Promise<readonly Mount[]> {
  const text = await readFile(join(proc, 'self/mountinfo'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .map(parseMount)
    .filter((mount) => mount !== undefined)
}

// proc_pid_mountinfo(5): 36 35 98:0 /root /mount options optional - type source super-options
function parseMount(line: string): Mount | undefined {
  const [left = '', right = ''] = line.split(' - ')
  const [, , device, , path, options] = left.split(' ')
  const [type, source, superOptions = ''] = right.split(' ')
  if (device === undefined || path === undefined || type === undefined || source === undefined)
    return undefined
  const all = `${options},${superOptions}`.split(',')
  return { type, source: unescaped(source), device, path: unescaped(path), options: [...new Set(all)] }
}

/** White space in names is written as octal numbers there. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

function isBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`)
}

/** The disk of a mount, or of the partition's whole disk; undefined where it is none or nothing is known. */
export async function diskOf({ device }: Mount, { sys }: KernelFolders): Promise<Disk | undefined> {
  const link = await realpath(join(sys, 'dev/block', device)).catch(() => undefined)
  if (link === undefined) return undefined
  for (const folder of [link, dirname(link)]) {
    const queue = join(folder, 'queue')
    if ((await stat(queue).catch(() => undefined)) === undefined) continue
    const read = (name: string): Promise<string | undefined> =>
      readFile(join(queue, name), 'latin1').then(
        (text) => text.trim(),
        () => undefined,
      )
    return { cache: await read('write_cache'), turns: (await read('rotational')) === '1' }
  }
  return undefined
}

/** What is to be said of a file system. */
export function judgeMount(mount: Mount | undefined): readonly Finding[] {
  const subject = 'file system'
  if (mount === undefined) return [doubt(subject, 'the kernel does not tell what it is')]
  const { type, source, path, options } = mount
  const name = `${type} (${source} on ${path})`
  if (volatile.includes(type)) return [bad(subject, `${name} is memory: all of it is gone after a power cut`)]
  const faults = options.filter((option) => Object.hasOwn(unsafe, option))
  if (faults.length > 0)
    return faults.map((option) => bad(subject, `${name} is mounted with ${option}: ${unsafe[option]}`))
  if (remote.some((each) => type === each || type.startsWith(`${each}.`)))
    return [doubt(subject, `${name} is somebody else's disk: what a sync means is decided there`)]
  if (type === 'overlay')
    return [doubt(subject, `${name} belongs to a container: give the data a volume of its own`)]
  return [good(subject, `${name}, with no option that weakens a sync`)]
}

/** What is to be said of its disk. */
export function judgeDisk(disk: Disk | undefined): readonly Finding[] {
  const subject = 'write cache'
  if (disk?.cache === undefined) return [doubt(subject, 'the kernel does not tell of the disk')]
  if (disk.cache === 'write through')
    return [good(subject, 'none that forgets, says the disk ("write through"); a virtual one may be wrong')]
  return [good(subject, `the disk has one ("${disk.cache}"), and the kernel empties it at each sync`)]
}
